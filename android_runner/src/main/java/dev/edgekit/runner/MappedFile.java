package dev.edgekit.runner;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** A whole file, mapped for reading. */
final class MappedFile {
    private MappedFile() {
    }

    /** In the machine's byte order (little-endian on every Android); files of 2 GiB and more are refused. */
    static ByteBuffer read(File file) throws NotOk, IOException {
        if (file.length() > Integer.MAX_VALUE) {
            throw NotOk.failed(file.getName() + " has " + file.length() + " bytes, this runner maps at most 2 GiB");
        }
        try (FileInputStream input = new FileInputStream(file); FileChannel channel = input.getChannel()) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()).order(ByteOrder.nativeOrder());
        }
    }
}
