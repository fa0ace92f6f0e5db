import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** Turns the words of an event log into a row of numbers of a fixed size. */
public class EventFeatures {

    static int hash(String word) {
        int hash = 7;
        for (int i = 0; i < word.length(); i++) {
            hash = 31 * hash + word.charAt(i);
        }
        return hash ^ (hash >>> 15);
    }

    static int[] features(String[] words, int size) {
        int[] sums = new int[size];
        for (String word : words) {
            int hash = hash(word);
            int sign = hash % 2 == 1 ? 1 : -1;
            sums[Math.floorMod(hash, size)] += sign;
        }
        for (int i = 0; i < size; i++) {
            sums[i] = 100 * sums[i] / words.length;
        }
        return sums;
    }

    // --- reads cases from standard input, writes results to standard output ---

    public static void main(String[] arguments) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        String[] words = {};
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] parts = line.split("\t", -1);
            String[] values = java.util.Arrays.copyOfRange(parts, Math.min(1, parts.length), parts.length);
            if (parts[0].equals("words")) {
                words = values;
            } else if (parts[0].equals("size")) {
                out.print("hashes");
                for (String word : words) {
                    out.print("\t" + hash(word));
                }
                out.print("\nfeatures");
                for (int number : features(words, Integer.parseInt(values[0]))) {
                    out.print("\t" + number);
                }
                out.print("\n\n");
            }
        }
    }
}
