import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.tensorflow.lite.Interpreter;

/** Reads models from standard input (length, bytes) and prints for each "ok" or what the runtime says of it. */
public final class Versions {
    public static void main(String[] arguments) throws IOException {
        DataInputStream in = new DataInputStream(System.in);
        StringBuilder lines = new StringBuilder();
        for (int size = in.readInt(); size > 0; size = in.readInt()) {
            byte[] model = new byte[size];
            in.readFully(model);
            ByteBuffer buffer = ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
            buffer.put(model).rewind();
            lines.append(said(buffer)).append('\n');
        }
        System.out.print(lines);
        System.out.flush();
    }

    private static String said(ByteBuffer model) {
        try (Interpreter interpreter = new Interpreter(model, new Interpreter.Options().setUseXNNPACK(false))) {
            interpreter.allocateTensors();
            return "ok";
        } catch (IllegalArgumentException | IllegalStateException error) {
            return String.valueOf(error.getMessage()).replaceAll("\\s+", " ");
        }
    }
}
