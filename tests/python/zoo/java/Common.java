// What the programs share: a job's files are worked on two at a time, each with an answer, errors and warnings included.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

final class Common {
    static final ObjectMapper JSON = new ObjectMapper();

    private static final int THREADS = 2;

    // Held here, because a logger that nobody holds is forgotten along with its handler.
    private static final Logger ROOT = Logger.getLogger("");
    private static final InheritableThreadLocal<Set<String>> WARNINGS = new InheritableThreadLocal<>();

    private Common() {}

    /** What is done with one file of a job; what it puts into `answer` stays if it throws. */
    interface Work {
        void of(JsonNode file, ObjectNode answer) throws Exception;
    }

    /** Does the work for every file of a job and prints one answer a line, in the job's order. */
    static void answer(String job, Work work) throws Exception {
        collectWarnings();
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        List<Future<String>> lines = new ArrayList<>();
        for (JsonNode file : JSON.readTree(new File(job)).get("files")) {
            lines.add(pool.submit(() -> one(file, work)));
        }
        for (Future<String> line : lines) {
            System.out.println(line.get());
        }
        pool.shutdown();
    }

    private static String one(JsonNode file, Work work) throws IOException {
        ObjectNode answer = JSON.createObjectNode();
        answer.set("path", file.get("path"));
        answer.putNull("error");
        Set<String> warnings = new LinkedHashSet<>();
        WARNINGS.set(warnings);
        try {
            work.of(file, answer);
        } catch (Exception | Error error) {
            answer.put("error", reason(error));
        }
        if (!warnings.isEmpty()) {
            answer.set("warnings", JSON.valueToTree(warnings));
        }
        return JSON.writeValueAsString(answer);
    }

    /** The text of an error and of its causes: what is wrong is often said by the last. */
    static String reason(Throwable error) {
        StringBuilder text = new StringBuilder(error.toString());
        for (Throwable cause = error.getCause(); cause != null; cause = cause.getCause()) {
            text.append("; by ").append(cause);
        }
        return text.toString();
    }

    /** Warnings of Parquet's library go to the answer of the file that was read meanwhile, all else is dropped. */
    private static void collectWarnings() {
        for (Handler handler : ROOT.getHandlers()) {
            ROOT.removeHandler(handler);
        }
        ROOT.addHandler(new Handler() {
            @Override
            public void publish(LogRecord record) {
                Set<String> warnings = WARNINGS.get();
                boolean serious = record.getLevel().intValue() >= Level.WARNING.intValue();
                if (warnings != null && serious && record.getLoggerName().startsWith("org.apache.parquet")) {
                    warnings.add(record.getMessage());
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        });
    }
}
