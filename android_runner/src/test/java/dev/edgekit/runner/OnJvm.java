package dev.edgekit.runner;

import java.io.File;

/**
 * One launch with the app's own classes on a stand-in phone: FOLDER JOBID OUTFOLDER [TASK]. The answer is
 * OUTFOLDER/answers/JOBID.zip, the marker OUTFOLDER/marker.json. Exit status 0, or 1 with the refusal's sentence.
 */
final class OnJvm {
    private OnJvm() {
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length < 3 || arguments.length > 4) {
            System.err.println("usage: OnJvm FOLDER JOBID OUTFOLDER [run|probe]");
            System.exit(2);
        }
        Phone phone = new JvmPhone(new File(arguments[2]), null, ShimLog.ofThisProcess());
        try {
            new Launch(phone).run(arguments[0], arguments[1], arguments.length > 3 ? arguments[3] : null);
        } catch (Refusal refusal) {
            System.out.println(refusal.kind + ": " + refusal.getMessage());
            System.exit(1);
        }
        System.exit(0);
    }
}
