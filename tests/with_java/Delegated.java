import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.tensorflow.lite.Interpreter;
import org.tensorflow.lite.PlanLength;

/**
 * Reads models from standard input (length, bytes), prepares each with XNNPACK and writes to standard error, around the
 * runtime's own log lines: "begins N", then "prepared N steps" or "refused N message".
 */
public final class Delegated {
    public static void main(String[] arguments) throws IOException {
        DataInputStream in = new DataInputStream(System.in);
        int number = 0;
        for (int size = in.readInt(); size > 0; size = in.readInt(), number++) {
            byte[] model = new byte[size];
            in.readFully(model);
            ByteBuffer buffer = ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
            buffer.put(model).rewind();
            System.err.println("begins " + number);
            try (Interpreter interpreter = new Interpreter(buffer, new Interpreter.Options().setUseXNNPACK(true))) {
                interpreter.allocateTensors();
                System.err.println("prepared " + number + " " + PlanLength.of(interpreter));
            } catch (IllegalArgumentException | IllegalStateException error) {
                System.err.println("refused " + number + " " + String.valueOf(error.getMessage()).replaceAll("\\s+", " "));
            }
        }
    }
}
