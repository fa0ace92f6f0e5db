/** What Java answers to some short lines. Each is printed with its result. */
public class Phrases {
    static void show(String line, Object result) {
        System.out.println(line + "\t" + result);
    }

    public static void main(String[] arguments) {
        int big = 2147483647, seven = 7;
        char letter = 'a';
        show("7 / 2", seven / 2);
        show("-7 / 2", -seven / 2);
        show("-7 % 2", -seven % 2);
        show("Math.floorMod(-7, 2)", Math.floorMod(-seven, 2));
        show("Math.round(2.5)", Math.round(2.5));
        show("Math.round(-2.5)", Math.round(-2.5));
        show("(int) -2.7", (int) -2.7);
        show("2147483647 + 1", big + 1);
        show("31 * 2147483647", 31 * big);
        show("-8 >> 1", -8 >> 1);
        show("-8 >>> 1", -8 >>> 1);
        show("(byte) 200", (byte) 200);
        show("'a' + 1", letter + 1);
        show("\"\u00e9\".length()", "\u00e9".length());
        show("\"\uD83D\uDD27\".length()", "\uD83D\uDD27".length());
    }
}
