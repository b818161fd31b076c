package dev.edgekit.runner;

import android.app.Activity;
import android.app.Instrumentation;
import android.content.Context;
import android.content.Intent;
import android.os.Bundle;
import android.util.Log;

import java.io.IOException;

/**
 * {@code am instrument -w -r -e job FOLDER -e id JOBID [-e task run|probe] dev.edgekit.runner/.RunInstrumentation}:
 * one launch with an activity in front, its answer sent back in pieces (status bundles with {@code part},
 * {@code parts}, {@code data}) and its summary as the result bundle.
 */
public class RunInstrumentation extends Instrumentation {
    /** How long the activity may take to come to the front; the launch goes on without it. */
    static final long FRONT_SECONDS = 10;
    static final int PART = 1;

    private Bundle arguments;

    @Override
    public void onCreate(Bundle given) {
        super.onCreate(given);
        arguments = given == null ? new Bundle() : given;
        start();  // a thread of its own, which calls onStart
    }

    @Override
    public void onStart() {
        Context context = getTargetContext();
        toFront(context);
        String id = arguments.getString("id");
        Bundle result = new Bundle();
        result.putString("id", id == null ? "" : id);
        try {
            Launch launch = new Launch(new AndroidPhone(context));
            Answer answer = launch.run(arguments.getString("job"), id, arguments.getString("task"));
            send(answer);
            result.putString("state", "done");
            result.putString("bytes", Long.toString(answer.bytes));
            result.putString("sha256", answer.sha256);
            result.putString("parts", Integer.toString(answer.parts()));
            finish(Activity.RESULT_OK, result);
        } catch (Refusal refusal) {
            result.putString("state", "refused");
            result.putString("kind", refusal.kind);
            result.putString("sentence", refusal.getMessage());
            finish(Activity.RESULT_CANCELED, result);
        }
    }

    private static void toFront(Context context) {
        RunActivity.expect();
        Intent intent = new Intent(context, RunActivity.class);
        intent.addFlags(Intent.FLAG_ACTIVITY_NEW_TASK);
        intent.putExtra(RunActivity.HOLD, true);
        try {
            context.startActivity(intent);
            RunActivity.awaitFront(FRONT_SECONDS);
        } catch (RuntimeException error) {  // the state of each case then says that the app was not in front
            Log.w(AndroidLog.TAG, "no activity in front", error);
        }
    }

    private void send(Answer answer) {
        int parts = answer.parts();
        try {
            for (int part = 0; part < parts; part++) {
                Bundle piece = new Bundle();
                piece.putString("part", Integer.toString(part));
                piece.putString("parts", Integer.toString(parts));
                piece.putString("data", answer.part(part));
                sendStatus(PART, piece);
            }
        } catch (IOException | OutOfMemoryError error) {  // the host sees which piece is missing and fetches the file
            Log.w(AndroidLog.TAG, "the answer goes as a file", error);
        }
    }
}
