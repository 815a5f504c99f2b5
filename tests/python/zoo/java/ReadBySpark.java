// Reads files by Spark, with its vectorised reader and with its reader of rows, and prints what it found: one JSON line a file.
//
//     java ReadBySpark JOB.json SCRATCH quick|full
//
// Whole files and small splits are read by Spark jobs, many files in each: Spark itself plans the splits, and it is checked
// that it did. Filters would take a job each; so they go straight to ParquetFileFormat, which is what a job's tasks call to
// read a split with the filters that were pushed down; its rows are filtered exactly here, as the job's plan would.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.paths.SparkPath;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.FilePartition;
import org.apache.spark.sql.execution.datasources.FileScanRDD;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.sources.EqualTo;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.sources.GreaterThan;
import org.apache.spark.sql.sources.GreaterThanOrEqual;
import org.apache.spark.sql.sources.IsNotNull;
import org.apache.spark.sql.sources.IsNull;
import org.apache.spark.sql.sources.LessThan;
import org.apache.spark.sql.sources.LessThanOrEqual;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;
import scala.Function1;
import scala.collection.Iterator;
import scala.jdk.javaapi.CollectionConverters;

public final class ReadBySpark {
    private static final long WHOLE = 1L << 40;
    // Spark leaves its vectorised path for wider tables (spark.sql.codegen.maxFields, with the path of the file).
    private static final int MOST_COLUMNS = 99;
    private static final Map<String, DataType> TYPES = Map.of(
            "int32", DataTypes.IntegerType, "int64", DataTypes.LongType, "string", DataTypes.StringType);
    private static final List<String> SWITCHES = List.of("stats", "dictionary", "columnindex", "bloom");

    private final SparkSession vectorised, row;

    private ReadBySpark(String scratch) {
        vectorised = session(SparkSession.builder().master("local[2]").appName("zoo")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.ui.enabled", false)
                .config("spark.local.dir", scratch)
                .config("spark.sql.warehouse.dir", scratch + "/warehouse")
                .getOrCreate(), true);
        row = session(vectorised.newSession(), false);
        vectorised.sparkContext().setLogLevel("OFF");
    }

    private static SparkSession session(SparkSession spark, boolean vectorised) {
        spark.conf().set("spark.sql.parquet.enableVectorizedReader", vectorised);
        spark.conf().set("spark.sql.caseSensitive", true);
        // A split is as large as asked for, and tasks take as many as there are: one each would take too long.
        spark.conf().set("spark.sql.files.openCostInBytes", 0);
        spark.conf().set("spark.sql.files.minPartitionNum", 1);
        spark.conf().set("spark.sql.files.maxPartitionNum", 4);
        spark.conf().set("spark.sql.sources.parallelPartitionDiscovery.threshold", 1 << 20);
        return spark;
    }

    public static void main(String[] args) throws Exception {
        ReadBySpark reader = new ReadBySpark(args[1]);
        boolean full = args[2].equals("full");
        List<JsonNode> files = new ArrayList<>();
        Common.JSON.readTree(new File(args[0])).get("files").forEach(files::add);
        Map<String, Found> whole = reader.read(files, reader.vectorised, WHOLE, null);
        Map<String, Map<String, Found>> splits = new LinkedHashMap<>();
        splits.put("65536 vectorised", reader.read(files, reader.vectorised, 1 << 16, whole));
        splits.put("65536 row", reader.read(files, reader.row, 1 << 16, whole));
        if (full) {
            splits.put("1048576 vectorised", reader.read(files, reader.vectorised, 1 << 20, whole));
            splits.put("1048576 row", reader.read(files, reader.row, 1 << 20, whole));
            splits.put("whole row", reader.read(files, reader.row, WHOLE, whole));
        }
        Common.answer(args[0], (file, answer) -> {
            String path = file.get("path").asText();
            Found found = whole.get(path).orThrow("whole files");
            found.put(answer);
            ObjectNode parts = answer.putObject("splits");
            for (Map.Entry<String, Map<String, Found>> entry : splits.entrySet()) {
                entry.getValue().get(path).orThrow("splits: " + entry.getKey()).put(parts.putObject(entry.getKey()));
            }
            reader.filters(file, full, answer);
        });
        reader.vectorised.stop();
    }

    // --- whole files and splits -----------------------------------------------------------------------------------------

    /** What is found in each file, by as few jobs as can be. Checksums are made by MD5 if `whole` is null, else taken from
     * there for the files in which a quicker hash finds the same. */
    private Map<String, Found> read(List<JsonNode> files, SparkSession spark, long split, Map<String, Found> whole) {
        Map<String, Found> found = new HashMap<>();
        for (List<JsonNode> group : groups(files)) {
            try {
                found.putAll(job(group, spark, split, whole == null));
            } catch (Exception broken) {
                for (JsonNode file : group) {
                    found.put(file.get("path").asText(), alone(file, spark, split, whole == null));
                }
            }
            if (whole != null) {
                for (JsonNode file : group) {
                    String path = file.get("path").asText();
                    boolean same = found.get(path).same(whole.get(path));
                    found.put(path, same ? whole.get(path) : alone(file, spark, split, true));
                }
            }
        }
        return found;
    }

    private static Found alone(JsonNode file, SparkSession spark, long split, boolean md5) {
        try {
            return job(List.of(file), spark, split, md5).get(file.get("path").asText());
        } catch (Exception error) {
            Found found = new Found(columns(List.of(file)), md5);
            found.error = Common.reason(error);
            return found;
        }
    }

    /** Files whose columns fit into one table. */
    private static List<List<JsonNode>> groups(List<JsonNode> files) {
        List<List<JsonNode>> groups = new ArrayList<>();
        for (JsonNode file : files) {
            List<JsonNode> home = null;
            for (List<JsonNode> group : groups) {
                List<JsonNode> larger = new ArrayList<>(group);
                larger.add(file);
                if (home == null && columns(larger) != null) {
                    home = group;
                }
            }
            if (home == null) {
                groups.add(home = new ArrayList<>());
            }
            home.add(file);
        }
        return groups;
    }

    /** The columns of all those files together, or null if they do not fit. */
    private static StructType columns(List<JsonNode> files) {
        Map<String, DataType> columns = new LinkedHashMap<>();
        boolean fits = true;
        for (JsonNode file : files) {
            for (Map.Entry<String, JsonNode> column : file.get("columns").properties()) {
                DataType type = TYPES.get(column.getValue().asText());
                DataType before = columns.putIfAbsent(column.getKey(), type);
                fits &= before == null || before.equals(type);
            }
        }
        fits &= files.size() == 1 || columns.size() <= MOST_COLUMNS;
        return fits ? new StructType(columns.entrySet().stream()
                .map(column -> new StructField(column.getKey(), column.getValue(), true,
                        org.apache.spark.sql.types.Metadata.empty()))
                .toArray(StructField[]::new)) : null;
    }

    private static Map<String, Found> job(List<JsonNode> files, SparkSession spark, long split, boolean md5) {
        spark.conf().set("spark.sql.files.maxPartitionBytes", split);
        Map<String, String> paths = new LinkedHashMap<>();  // as Spark writes them -> as they are
        long splits = 0;
        for (JsonNode file : files) {
            String path = file.get("path").asText();
            paths.put(withoutScheme(SparkPath.fromPathString("file://" + path).urlEncoded()), path);
            splits += (new File(path).length() + split - 1) / split;
        }
        StructType schema = columns(files);
        org.apache.spark.sql.Dataset<Row> table = spark.read()
                .schema(schema)
                .option("recursiveFileLookup", true)  // folders named column=value are no columns here
                .option("parquet.page.verify-checksum.enabled", true)
                .parquet(paths.values().toArray(String[]::new))
                .select("*", "_metadata.file_path");
        RDD<InternalRow> rows = ((org.apache.spark.sql.classic.Dataset<Row>) table).queryExecution().toRdd();
        checkSplits(rows, split, splits);
        Map<String, Found> found = new HashMap<>();
        for (JsonNode file : files) {
            found.put(file.get("path").asText(), new Found(schema, md5));
        }
        // A map's own entries cannot be sent from task to driver.
        rows.toJavaRDD().mapPartitions(all -> gather(all, schema, md5).entrySet().stream()
                .map(entry -> new AbstractMap.SimpleEntry<>(entry.getKey(), entry.getValue())).iterator()).collect()
                .forEach(part -> found.get(paths.get(withoutScheme(part.getKey()))).add(part.getValue()));
        return found;
    }

    /** Throws if Spark has not cut the files as asked. */
    private static void checkSplits(RDD<InternalRow> rows, long most, long wanted) {
        RDD<?> scan = rows;
        while (!(scan instanceof FileScanRDD)) {
            scan = scan.dependencies().apply(0).rdd();
        }
        long count = 0;
        for (FilePartition partition : CollectionConverters.asJava(((FileScanRDD) scan).filePartitions())) {
            for (PartitionedFile part : partition.files()) {
                count++;
                if (part.length() > most) {
                    throw new IllegalStateException("a split of " + part.length() + " bytes, not of " + most + " at most");
                }
            }
        }
        if (count != wanted) {
            throw new IllegalStateException(count + " splits of " + most + " bytes, not " + wanted);
        }
    }

    /** file:/a and file:///a are one file: /a. */
    private static String withoutScheme(String path) {
        return path.replaceFirst("^file:/+", "/");
    }

    private static Map<String, Found> gather(java.util.Iterator<InternalRow> rows, StructType schema, boolean md5) {
        Map<String, Found> found = new HashMap<>();
        UTF8String name = null;
        Found current = null;
        while (rows.hasNext()) {
            InternalRow row = rows.next();
            UTF8String path = row.getUTF8String(schema.length());
            if (!path.equals(name)) {
                name = path.clone();
                current = found.computeIfAbsent(name.toString(), any -> new Found(schema, md5));
            }
            current.take(row);
        }
        return found;
    }

    /** Rows, nulls and checksums of a file, or of a part of it, in the columns of the table that it was read as. */
    private static final class Found implements Serializable {
        private static final long serialVersionUID = 1;

        final StructType schema;
        final Checksum[] columns;
        final int[] kinds;
        long rows;
        String error;

        Found(StructType schema, boolean md5) {
            this.schema = schema;
            columns = new Checksum[schema.length()];
            kinds = new int[schema.length()];
            for (int i = 0; i < columns.length; i++) {
                columns[i] = new Checksum(md5);
                DataType type = schema.apply(i).dataType();
                kinds[i] = type.equals(DataTypes.IntegerType) ? 0 : type.equals(DataTypes.LongType) ? 1 : 2;
            }
        }

        void take(InternalRow row) {
            rows++;
            for (int i = 0; i < columns.length; i++) {
                if (row.isNullAt(i)) {
                    columns[i].nulls++;
                    continue;
                }
                switch (kinds[i]) {
                    case 0 -> columns[i].take(row.getInt(i));
                    case 1 -> columns[i].take(row.getLong(i));
                    default -> columns[i].take(row.getUTF8String(i).getBytes());
                }
                columns[i].add();
            }
        }

        void add(Found other) {
            rows += other.rows;
            for (int i = 0; i < columns.length; i++) {
                columns[i].add(other.columns[i]);
            }
        }

        boolean same(Found other) {
            boolean same = error == null && other.error == null && rows == other.rows;
            for (int i = 0; same && i < columns.length; i++) {
                same = columns[i].same(other.columns[i]);
            }
            return same;
        }

        Found orThrow(String what) throws IOException {
            if (error != null) {
                throw new IOException(what + ": " + error);
            }
            return this;
        }

        void put(ObjectNode answer) {
            answer.put("rows", rows);
            ObjectNode into = answer.putObject("columns");
            for (int i = 0; i < columns.length; i++) {
                columns[i].put(into.putObject(schema.apply(i).name()));
            }
        }
    }

    // --- filters --------------------------------------------------------------------------------------------------------

    private void filters(JsonNode file, boolean full, ObjectNode answer) throws IOException {
        ObjectNode counts = answer.putObject("filters"), pruned = answer.putObject("pruned");
        StructType columns = columns(List.of(file));
        List<Question> questions = new ArrayList<>();
        file.get("filters").forEach(filter -> questions.add(new Question(filter, columns)));
        if (questions.isEmpty()) {
            return;
        }
        for (boolean fast : new boolean[] {true, false}) {
            String reader = fast ? "vectorised" : "row";
            SparkSession spark = fast ? vectorised : row;
            off(file, spark, columns, questions, counts.putArray(reader + " off"));
            on(file, spark, columns, questions, SWITCHES, counts.putArray(reader + " on"), pruned.putArray(reader + " on"));
            if (full) {
                for (String one : SWITCHES) {
                    String setting = reader + " " + one + " only";
                    on(file, spark, columns, questions, List.of(one), counts.putArray(setting), pruned.putArray(setting));
                }
            }
        }
    }

    /** Nothing is pushed down: one reading answers all questions. */
    private static void off(JsonNode file, SparkSession spark, StructType columns, List<Question> questions, ArrayNode counts)
            throws IOException {
        long[] matching = new long[questions.size()];
        String[] asked = questions.stream().map(question -> columns.apply(question.column).name()).distinct()
                .toArray(String[]::new);
        StructType wanted = new StructType(Arrays.stream(asked).map(columns::apply).toArray(StructField[]::new));
        int[] at = questions.stream().mapToInt(q -> wanted.fieldIndex(columns.apply(q.column).name())).toArray();
        scan(file, spark, columns, wanted, List.of(), SWITCHES, row -> {
            for (int i = 0; i < matching.length; i++) {
                matching[i] += questions.get(i).matches(row, at[i]) ? 1 : 0;
            }
        });
        for (long count : matching) {
            counts.add(count);
        }
    }

    /** Each filter is pushed down, with the columns beside its own: where pages are skipped, rows must still fit together. */
    private static void on(JsonNode file, SparkSession spark, StructType columns, List<Question> questions,
            List<String> switches, ArrayNode counts, ArrayNode pruned) throws IOException {
        for (Question question : questions) {
            int all = columns.length();
            StructField[] wanted = new TreeSet<>(List.of(question.column, (question.column + 1) % all,
                    (question.column + all - 1) % all)).stream().map(columns::apply).toArray(StructField[]::new);
            StructType schema = new StructType(wanted);
            int at = schema.fieldIndex(columns.apply(question.column).name());
            long[] rows = new long[2];
            scan(file, spark, columns, schema, question.pushed, switches, row -> {
                rows[0]++;
                rows[1] += question.matches(row, at) ? 1 : 0;
            });
            counts.add(rows[1]);
            pruned.add(rows[0]);
        }
    }

    private interface Rows {
        void take(InternalRow row);
    }

    private static void scan(JsonNode file, SparkSession spark, StructType columns, StructType wanted, List<Filter> filters,
            List<String> switches, Rows rows) throws IOException {
        SparkSession.setActiveSession(spark);
        // Without Hadoop's defaults, which are sent along with every reading.
        Configuration hadoop = new Configuration(false);
        for (String one : SWITCHES) {
            hadoop.setBoolean("parquet.filter." + one + ".enabled", switches.contains(one));
        }
        hadoop.setBoolean("parquet.page.verify-checksum.enabled", true);
        Map<String, String> options = Map.of("returning_batch", "false");
        Function1<PartitionedFile, Iterator<InternalRow>> read = new ParquetFileFormat().buildReaderWithPartitionValues(
                spark, columns, new StructType(), wanted, CollectionConverters.asScala(filters).toSeq(),
                scala.collection.immutable.Map$.MODULE$.from(CollectionConverters.asScala(options)), hadoop);
        String path = file.get("path").asText();
        long length = new File(path).length();
        Iterator<InternalRow> found = read.apply(new PartitionedFile(InternalRow.empty(),
                SparkPath.fromPathString("file://" + path), 0, length, new String[0], 0, length,
                scala.collection.immutable.Map$.MODULE$.empty()));
        try {
            while (found.hasNext()) {
                rows.take(found.next());
            }
        } finally {
            if (found instanceof Closeable open) {
                open.close();
            }
        }
    }

    /** A filter of the job: what is pushed down for it, and which rows it is about. */
    private static final class Question {
        final int column;
        final String op;
        final DataType type;
        final Object value;
        final List<Filter> pushed;

        Question(JsonNode filter, StructType columns) {
            String name = filter.get("column").asText();
            column = columns.fieldIndex(name);
            op = filter.get("op").asText();
            type = columns.apply(column).dataType();
            JsonNode given = filter.get("value");
            Object plain = given == null ? null
                    : type.equals(DataTypes.IntegerType) ? (Object) given.intValue()
                    : type.equals(DataTypes.LongType) ? (Object) given.longValue()
                    : given.asText();
            value = plain instanceof String text ? UTF8String.fromBytes(text.getBytes(StandardCharsets.UTF_8)) : plain;
            Filter there = new IsNotNull(name);
            // As Spark's optimizer has it: a comparison brings "is not null" along.
            pushed = switch (op) {
                case "is null" -> List.of(new IsNull(name));
                case "is not null" -> List.of(there);
                case "=" -> List.of(there, new EqualTo(name, plain));
                case "<" -> List.of(there, new LessThan(name, plain));
                case "<=" -> List.of(there, new LessThanOrEqual(name, plain));
                case ">" -> List.of(there, new GreaterThan(name, plain));
                case ">=" -> List.of(there, new GreaterThanOrEqual(name, plain));
                default -> throw new IllegalArgumentException("filter " + filter);
            };
        }

        boolean matches(InternalRow row, int at) {
            if (row.isNullAt(at)) {
                return op.equals("is null");
            }
            if (value == null) {
                return op.equals("is not null");
            }
            int order = value instanceof UTF8String text ? row.getUTF8String(at).compareTo(text)
                    : value instanceof Integer number ? Integer.compare(row.getInt(at), number)
                    : Long.compare(row.getLong(at), (Long) value);
            return switch (op) {
                case "=" -> order == 0;
                case "<" -> order < 0;
                case "<=" -> order <= 0;
                case ">" -> order > 0;
                default -> order >= 0;
            };
        }
    }
}
