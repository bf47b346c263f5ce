// The HdrHistogram Java library behind the same commands as the hlog test program: encode, decode, golden.
// Run by e2e/test_hlog_peers.py: java -cp hdrhistogram.jar HlogPeer.java COMMAND < input > output
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;
import org.HdrHistogram.HistogramLogReader;
import org.HdrHistogram.HistogramLogWriter;

public class HlogPeer {
    private static final double[] PERCENTILES = {1, 25, 50, 75, 90, 95, 99, 99.9, 99.99, 99.999, 100};

    public static void main(String[] args) throws IOException {
        switch (args[0]) {
        case "encode" -> encode();
        case "decode" -> decode();
        case "golden" -> golden();
        case "layouts" -> layouts();
        default -> throw new IllegalArgumentException("encode, decode, golden or layouts");
        }
    }

    private static void write(HistogramLogWriter writer, Histogram histogram, double start, double length) {
        writer.outputIntervalHistogram(start, start + length, histogram, 1e6);
    }

    /** Input: "hist TAG START LENGTH LOWEST HIGHEST DIGITS", then lines "VALUE TIMES", for each histogram. */
    private static void encode() throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        HistogramLogWriter writer = new HistogramLogWriter(System.out);
        writer.outputLogFormatVersion();
        writer.outputStartTime(1700000000123L);
        writer.outputLegend();
        Histogram histogram = null;
        double start = 0;
        double length = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            if (!words[0].equals("hist")) {
                histogram.recordValueWithCount(Long.parseLong(words[0]), Long.parseLong(words[1]));
                continue;
            }
            if (histogram != null) {
                write(writer, histogram, start, length);
            }
            start = Double.parseDouble(words[2]);
            length = Double.parseDouble(words[3]);
            histogram = new Histogram(Long.parseLong(words[4]), Long.parseLong(words[5]), Integer.parseInt(words[6]));
            histogram.setTag(words[1].equals("-") ? null : words[1]);
        }
        write(writer, histogram, start, length);
    }

    /** Input: a log. Output: all that is in it, as text. */
    private static void decode() throws IOException {
        byte[] log = System.in.readAllBytes();
        HistogramLogReader reader = new HistogramLogReader(new ByteArrayInputStream(log));
        PrintStream out = System.out;
        for (EncodableHistogram next = reader.nextIntervalHistogram(); next != null;
             next = reader.nextIntervalHistogram()) {
            Histogram histogram = (Histogram) next;
            out.printf(Locale.US, "hist %s %d %d %d\n", histogram.getTag() == null ? "-" : histogram.getTag(),
                       histogram.getHighestTrackableValue(), histogram.getNumberOfSignificantValueDigits(),
                       histogram.getTotalCount());
            for (double percentile : PERCENTILES) {
                out.printf(Locale.US, "p%.3f %d\n", percentile, histogram.getValueAtPercentile(percentile));
            }
            for (HistogramIterationValue slot : histogram.recordedValues()) {
                out.printf("%d %d\n", slot.getValueIteratedTo(), slot.getCountAtValueIteratedTo());
            }
        }
        out.flush();
    }

    /** The log that test_hlog.c expects word for word; fill() there is the same as here. */
    private static void golden() {
        HistogramLogWriter writer = new HistogramLogWriter(System.out);
        writer.outputComment("[Written by HdrHistogram 2.1.11 for Java]");
        writer.outputLogFormatVersion();
        writer.outputStartTime(1700000000123L);
        writer.outputLegend();
        long day = 86_400_000_000_000L;
        long[][] shapes = {{day, 3}, {day, 1}, {day, 2}, {day, 4}, {1000, 5}, {2, 1}, {Long.MAX_VALUE, 3}};
        for (int i = 0; i < shapes.length; i++) {
            Histogram histogram = new Histogram(1, shapes[i][0], (int) shapes[i][1]);
            fill(histogram, shapes[i][0], 100 * i);
            histogram.setTag("set" + i);
            write(writer, histogram, i, 0.5 * i);
        }
    }

    /** Layouts that weir reads and never writes: other units, no digits, values above the highest. */
    private static void layouts() {
        HistogramLogWriter writer = new HistogramLogWriter(System.out);
        long day = 86_400_000_000_000L;
        long[][] shapes = {{1000, day, 3}, {1 << 20, day, 2}, {1, 1000000, 0}, {3, 1 << 30, 5}, {1L << 40, Long.MAX_VALUE, 1}};
        for (int i = 0; i < shapes.length; i++) {
            Histogram histogram = new Histogram(shapes[i][0], shapes[i][1], (int) shapes[i][2]);
            fill(histogram, shapes[i][1], 1000);
            write(writer, histogram, i, 1);
        }
        Histogram above = new Histogram(1, 5000, 3);
        above.recordValueWithCount(5000, 2);
        above.recordValueWithCount(8191, 3);
        write(writer, above, shapes.length, 1);
        Histogram resized = new Histogram(3);
        fill(resized, day, 1000);
        write(writer, resized, shapes.length + 1, 1);
    }

    private static void fill(Histogram histogram, long highest, int count) {
        long state = count + 1;
        for (int i = 0; i < count; i++) {
            state = state * 6364136223846793005L + 1442695040888963407L;
            long value = (state >>> 1 >>> (int) (state >>> 58)) % (highest / 2);
            histogram.recordValueWithCount(value, i % 10 == 0 ? 1L << i % 40 : 1);
        }
    }
}
