package dev.edgekit.tiny;

import android.app.Activity;
import android.app.Instrumentation;
import android.content.Context;
import android.content.Intent;
import android.content.IntentFilter;
import android.content.pm.PackageManager;
import android.os.BatteryManager;
import android.os.Build;
import android.os.Bundle;
import android.os.PowerManager;
import android.os.Process;
import android.util.Log;

import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** What the device's own tests run: {@code -e what WORD}, and the answer as the result bundle. */
public class Say extends Instrumentation {
    private Bundle given;
    private final Bundle said = new Bundle();

    @Override
    public void onCreate(Bundle arguments) {
        super.onCreate(arguments);
        given = arguments;
        start();
    }

    @Override
    public void onStart() {
        try {
            Log.i("tiny", "doing " + given.getString("what"));
            act(given.getString("what"));
            finish(Activity.RESULT_OK, said);
        } catch (IOException | InterruptedException error) {
            said.putString("error", error.toString());
            finish(Activity.RESULT_CANCELED, said);
        } catch (PackageManager.NameNotFoundException error) {
            throw new IllegalStateException(error);
        }
    }

    private void act(String what) throws IOException, InterruptedException, PackageManager.NameNotFoundException {
        switch (what) {
            case "facts":
                facts(getTargetContext());
                break;
            case "throw":
                throw new IllegalStateException("as asked");
            case "exit":
                System.exit(3);
                break;
            case "signal":
                Process.sendSignal(Process.myPid(), Integer.parseInt(given.getString("number")));
                Thread.sleep(5000);
                break;
            case "sleep":
                Thread.sleep(Long.parseLong(given.getString("ms")));
                break;
            case "read":
                try (FileInputStream file = new FileInputStream(given.getString("file"))) {
                    byte[] bytes = new byte[1000];
                    said.putString("text", new String(bytes, 0, file.read(bytes)));
                }
                break;
            case "write":
                try (FileOutputStream file = new FileOutputStream(given.getString("file"))) {
                    file.write(new byte[Integer.parseInt(given.getString("bytes"))]);
                }
                break;
            case "status":
                for (int part = 0; part < Integer.parseInt(given.getString("parts")); part++) {
                    Bundle piece = new Bundle();
                    piece.putString("part", Integer.toString(part));
                    piece.putString("parts", given.getString("parts"));
                    sendStatus(1, piece);
                    Thread.sleep(Long.parseLong(given.getString("ms")));
                }
                break;
            case "front":
                getTargetContext().startActivity(new Intent(getTargetContext(), Front.class)
                        .addFlags(Intent.FLAG_ACTIVITY_NEW_TASK).putExtra("word", "from inside"));
                said.putString("resumed", Boolean.toString(Front.RESUMED.await(5, TimeUnit.SECONDS)));
                Thread.sleep(Long.parseLong(given.getString("ms")));
                break;
            default:
                throw new IllegalArgumentException(what);
        }
    }

    private void facts(Context context) throws PackageManager.NameNotFoundException {
        said.putString("model", Build.MANUFACTURER + " " + Build.MODEL);
        said.putString("sdk", Integer.toString(Build.VERSION.SDK_INT));
        said.putString("abi", Build.SUPPORTED_ABIS[0]);
        said.putString("uid", Integer.toString(Process.myUid()));
        said.putString("files", context.getFilesDir().getPath());
        said.putString("external", String.valueOf(context.getExternalFilesDir(null)));
        PowerManager power = (PowerManager) context.getSystemService(Context.POWER_SERVICE);
        said.putString("thermal", Integer.toString(power.getCurrentThermalStatus()));
        Intent battery = context.registerReceiver(null, new IntentFilter(Intent.ACTION_BATTERY_CHANGED));
        said.putString("battery", battery.getIntExtra(BatteryManager.EXTRA_LEVEL, -1) + " "
                + battery.getIntExtra(BatteryManager.EXTRA_TEMPERATURE, -1));
        said.putString("version",
                context.getPackageManager().getPackageInfo(context.getPackageName(), 0).versionName);
    }
}
