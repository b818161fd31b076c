package android.os;

import java.util.ArrayList;
import java.util.List;

/** Stand-in without a native half: messages in the order of their time. */
public final class MessageQueue {
    private final boolean quitAllowed;
    private final List<Message> waiting = new ArrayList<>();
    private boolean quitting;

    MessageQueue(boolean quitAllowed) {
        this.quitAllowed = quitAllowed;
    }

    synchronized boolean enqueueMessage(Message message, long when) {
        if (quitting) {
            message.recycle();
            return false;
        }
        message.markInUse();
        message.when = when;
        int at = waiting.size();
        while (at > 0 && waiting.get(at - 1).when > when) {
            at--;
        }
        waiting.add(at, message);
        notifyAll();
        return true;
    }

    /** Waits for the next one; null after quit. */
    synchronized Message next() {
        while (true) {
            if (quitting && waiting.isEmpty()) {
                return null;
            }
            long left = waiting.isEmpty() ? 0 : waiting.get(0).when - SystemClock.uptimeMillis();
            if (!waiting.isEmpty() && left <= 0) {
                return waiting.remove(0);
            }
            try {
                wait(left);
            } catch (InterruptedException error) {
                Thread.currentThread().interrupt();
                return null;
            }
        }
    }

    synchronized void quit(boolean safely) {
        if (!quitAllowed) {
            throw new IllegalStateException("Main thread not allowed to quit.");
        }
        quitting = true;
        long now = SystemClock.uptimeMillis();
        waiting.removeIf(message -> !safely || message.when > now);
        notifyAll();
    }

    synchronized boolean hasMessages(Handler handler, int what, Object object) {
        return waiting.stream().anyMatch(message -> message.target == handler && message.what == what
                && (object == null || message.obj == object));
    }

    synchronized boolean hasMessages(Handler handler, Runnable work, Object object) {
        return waiting.stream().anyMatch(message -> message.target == handler && message.callback == work
                && (object == null || message.obj == object));
    }

    synchronized void removeMessages(Handler handler, int what, Object object) {
        waiting.removeIf(message -> message.target == handler && message.what == what
                && (object == null || message.obj == object));
    }

    synchronized void removeMessages(Handler handler, Runnable work, Object object) {
        waiting.removeIf(message -> message.target == handler && message.callback == work
                && (object == null || message.obj == object));
    }

    synchronized void removeCallbacksAndMessages(Handler handler, Object object) {
        waiting.removeIf(message -> message.target == handler && (object == null || message.obj == object));
    }
}
