package dev.edgekit.runner;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/** Runs the samples whose outputs were asked for, and writes them to {@code outputs/CASE-I.bin}. */
final class Outputs {
    private static final int FIRST_VALUES = 8;

    private Outputs() {
    }

    static List<Run.Output> collect(Job.Case asked, TfliteModel model, Inputs inputs, File folder)
            throws NotOk, IOException {
        long count = asked.outputs.equals("none") ? 0 : asked.outputs.equals("first") ? 1 : inputs.count();
        List<Run.Output> described = new ArrayList<>();
        List<FileOutputStream> files = new ArrayList<>();
        List<MessageDigest> digests = new ArrayList<>();
        try {
            for (int i = 0; i < model.outputs.length; i++) {
                described.add(describe(model.outputs[i], count));
                if (count > 0) {
                    described.get(i).file = "outputs/" + asked.id + "-" + i + ".bin";
                    files.add(open(Files.safe(described.get(i).file, folder)));
                    digests.add(Files.digest());
                }
            }
            for (long sample = 0; sample < count; sample++) {
                model.run(inputs.sample(sample));
                for (int i = 0; i < files.size(); i++) {
                    if (sample == 0) {
                        described.get(i).firstValues =
                                Quantize.firstReal(model.result(i), model.outputs[i], FIRST_VALUES);
                    }
                    append(model.result(i), files.get(i), digests.get(i));
                }
            }
        } finally {
            for (FileOutputStream file : files) {
                file.close();
            }
        }
        for (int i = 0; i < files.size(); i++) {
            described.get(i).sha256 = Files.hex(digests.get(i));
        }
        return described;
    }

    private static Run.Output describe(TensorInfo tensor, long count) {
        Run.Output output = new Run.Output();
        output.name = tensor.name;
        output.dtype = tensor.dtype;
        output.shape = tensor.shape;
        output.count = count;
        output.sizeBytes = count * tensor.bytes;
        output.scale = tensor.scale;
        output.zeroPoint = tensor.zeroPoint;
        return output;
    }

    private static FileOutputStream open(File file) throws IOException {
        File folder = file.getParentFile();
        if (!folder.isDirectory() && !folder.mkdirs()) {
            throw new IOException(folder + " cannot be made");
        }
        return new FileOutputStream(file);
    }

    private static void append(ByteBuffer values, FileOutputStream file, MessageDigest digest) throws IOException {
        digest.update(values.duplicate());
        while (values.hasRemaining()) {
            file.getChannel().write(values);
        }
    }
}
