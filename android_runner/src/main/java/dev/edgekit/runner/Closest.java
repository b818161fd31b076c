package dev.edgekit.runner;

/** The nearest known name, by the same measure as Python's difflib (Ratcliff and Obershelp), so that both say one. */
final class Closest {
    private static final double LEAST = 0.6;

    private Closest() {
    }

    /** {@code , did you mean 'x'?} for the nearest of {@code names}, or nothing. */
    static String to(String name, String... names) {
        String best = null;
        double bestRatio = LEAST;
        for (String known : names) {
            double ratio = ratio(known, name);
            boolean tie = best != null && ratio == bestRatio && known.compareTo(best) > 0;
            if (ratio > bestRatio || tie || (best == null && ratio >= LEAST)) {
                best = known;
                bestRatio = ratio;
            }
        }
        return best == null ? "" : ", did you mean '" + best + "'?";
    }

    static double ratio(String a, String b) {
        int length = a.length() + b.length();
        return length == 0 ? 1.0 : 2.0 * matched(a, b) / length;
    }

    /** Letters in the longest common block, and on both sides of it likewise. */
    private static int matched(String a, String b) {
        int from = 0;
        int at = 0;
        int longest = 0;
        for (int i = 0; i < a.length(); i++) {
            for (int j = 0; j < b.length(); j++) {
                int same = 0;
                while (i + same < a.length() && j + same < b.length() && a.charAt(i + same) == b.charAt(j + same)) {
                    same++;
                }
                if (same > longest) {
                    from = i;
                    at = j;
                    longest = same;
                }
            }
        }
        if (longest == 0) {
            return 0;
        }
        return longest + matched(a.substring(0, from), b.substring(0, at))
                + matched(a.substring(from + longest), b.substring(at + longest));
    }
}
