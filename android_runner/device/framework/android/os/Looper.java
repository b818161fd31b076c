package android.os;

/** Stand-in over {@link MessageQueue}; Handler and Message are Android's own. */
public final class Looper {
    private static final ThreadLocal<Looper> OWN = new ThreadLocal<>();
    private static Looper main;

    final MessageQueue mQueue;
    final Thread mThread = Thread.currentThread();

    private Looper(boolean quitAllowed) {
        mQueue = new MessageQueue(quitAllowed);
    }

    public static void prepare() {
        prepare(true);
    }

    private static void prepare(boolean quitAllowed) {
        if (OWN.get() != null) {
            throw new RuntimeException("Only one Looper may be created per thread");
        }
        OWN.set(new Looper(quitAllowed));
    }

    public static void prepareMainLooper() {
        prepare(false);
        main = myLooper();
    }

    public static Looper getMainLooper() {
        return main;
    }

    public static Looper myLooper() {
        return OWN.get();
    }

    public static MessageQueue myQueue() {
        return myLooper().mQueue;
    }

    public static void loop() {
        Looper own = myLooper();
        if (own == null) {
            throw new RuntimeException("No Looper; Looper.prepare() wasn't called on this thread.");
        }
        for (Message message = own.mQueue.next(); message != null; message = own.mQueue.next()) {
            message.target.dispatchMessage(message);
            message.recycleUnchecked();
        }
    }

    public boolean isCurrentThread() {
        return Thread.currentThread() == mThread;
    }

    public Thread getThread() {
        return mThread;
    }

    public MessageQueue getQueue() {
        return mQueue;
    }

    public void quit() {
        mQueue.quit(false);
    }

    public void quitSafely() {
        mQueue.quit(true);
    }
}
