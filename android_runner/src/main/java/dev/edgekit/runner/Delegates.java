package dev.edgekit.runner;

import org.tensorflow.lite.Delegate;
import org.tensorflow.lite.gpu.CompatibilityList;
import org.tensorflow.lite.gpu.GpuDelegate;
import org.tensorflow.lite.gpu.GpuDelegateFactory;
import org.tensorflow.lite.nnapi.NnApiDelegate;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A delegate by its name in the job, with the options that it knows here. */
final class Delegates {
    static final List<String> KNOWN = Arrays.asList("cpu", "cpu-default", "gpu", "nnapi");

    private Delegates() {
    }

    /** Checks the options and loads what the delegate needs, so that making it is all that is timed. */
    static void prepare(String name, Map<String, Object> options) throws NotOk {
        switch (name) {
            case "cpu":
                check(name, options, "fp16");
                loadXnnpack();
                break;
            case "cpu-default":
                check(name, options);
                break;
            case "gpu":
                check(name, options, "precision_loss_allowed", "sustained_speed");
                loadGpu();
                break;
            case "nnapi":
                check(name, options, "accelerator_name", "execution_preference");
                break;
            default:
                throw NotOk.unsupported("litert on Android has no delegate " + name);
        }
    }

    /** A prepared delegate, or null for cpu-default, where the runtime brings its own. */
    static Delegate make(String name, long threads, Map<String, Object> options) throws NotOk {
        switch (name) {
            case "cpu":
                return new XnnpackDelegate((int) Math.min(threads, Integer.MAX_VALUE), flag(name, options, "fp16"));
            case "gpu":
                return gpu(options);
            case "nnapi":
                return nnapi(options);
            default:
                return null;
        }
    }

    private static void loadXnnpack() throws NotOk {
        try {
            XnnpackDelegate.load();
        } catch (LinkageError error) {
            throw NotOk.unsupported("the XNNPACK delegate cannot be made: " + NotOk.sentence(error));
        }
    }

    private static void loadGpu() throws NotOk {
        try (CompatibilityList list = new CompatibilityList()) {
            if (!list.isDelegateSupportedOnThisDevice()) {
                throw NotOk.unsupported("the GPU delegate does not support this device (its CompatibilityList)");
            }
        } catch (LinkageError error) {
            throw NotOk.unsupported("the GPU delegate's library does not load: " + NotOk.sentence(error));
        }
    }

    private static Delegate gpu(Map<String, Object> options) throws NotOk {
        GpuDelegateFactory.Options chosen = new GpuDelegateFactory.Options();
        if (options.containsKey("precision_loss_allowed")) {
            chosen.setPrecisionLossAllowed(flag("gpu", options, "precision_loss_allowed"));
        }
        if (flag("gpu", options, "sustained_speed")) {
            chosen.setInferencePreference(GpuDelegateFactory.Options.INFERENCE_PREFERENCE_SUSTAINED_SPEED);
        }
        try {
            return new GpuDelegate(chosen);
        } catch (RuntimeException error) {
            throw NotOk.unsupported("the GPU delegate cannot be made: " + NotOk.sentence(error));
        }
    }

    private static Delegate nnapi(Map<String, Object> options) throws NotOk {
        NnApiDelegate.Options chosen = new NnApiDelegate.Options();
        String accelerator = word(options, "accelerator_name");
        if (accelerator != null) {
            chosen.setAcceleratorName(accelerator);
        }
        String preference = word(options, "execution_preference");
        if (preference != null) {
            int number = Arrays.asList("low_power", "fast_single_answer", "sustained_speed").indexOf(preference);
            if (number < 0) {
                throw NotOk.unsupported("delegate nnapi: option 'execution_preference' is 'low_power', "
                        + "'fast_single_answer' or 'sustained_speed', not " + Json.named(preference));
            }
            chosen.setExecutionPreference(number);
        }
        return new NnApiDelegate(chosen);
    }

    private static void check(String name, Map<String, Object> options, String... known) throws NotOk {
        for (String option : options.keySet()) {
            if (!Arrays.asList(known).contains(option)) {
                throw NotOk.unsupported("delegate " + name + " takes no option " + Json.named(option)
                        + " in this runner");
            }
        }
    }

    private static boolean flag(String name, Map<String, Object> options, String option) throws NotOk {
        Object value = options.getOrDefault(option, false);
        if (!(value instanceof Boolean)) {
            throw NotOk.unsupported("delegate " + name + ": option '" + option + "' is true or false, not "
                    + Json.named(value));
        }
        return (Boolean) value;
    }

    private static String word(Map<String, Object> options, String option) throws NotOk {
        Object value = options.get(option);
        if (value != null && !(value instanceof String)) {
            throw NotOk.unsupported("delegate nnapi: option '" + option + "' is text, not " + Json.named(value));
        }
        return (String) value;
    }
}
