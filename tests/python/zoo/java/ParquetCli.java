// Holds files against parquet-cli's commands and prints the complaints: one JSON line a file.
//
//     java ParquetCli JOB.json
//
// A job: {"files": [{"path": ..., "bloom": {column: [values that are in the file]}}]}. The commands are run as they are:
//     check-stats   must say "no corrupt stats" -- but it looks only at files of writers of before 2015, and passes all others
//     column-index  must show a column index and an offset index of every column of every row group
//     bloom-filter  must say "maybe exists" of every value in every row group that holds it
// Because the first checks nothing of ours, every bound, null count and page index is compared with all values here, as the
// library reads them; and every value of a column named in "bloom" is looked for in its row group's filter.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.parquet.cli.BaseCommand;
import org.apache.parquet.cli.commands.CheckParquet251Command;
import org.apache.parquet.cli.commands.ShowBloomFilterCommand;
import org.apache.parquet.cli.commands.ShowColumnIndexCommand;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.column.values.bloomfilter.BloomFilter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.FileMetaData;
import org.apache.parquet.internal.column.columnindex.BoundaryOrder;
import org.apache.parquet.internal.column.columnindex.ColumnIndex;
import org.apache.parquet.internal.column.columnindex.OffsetIndex;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveComparator;
import org.apache.parquet.schema.PrimitiveType;
import org.slf4j.Logger;
import org.slf4j.helpers.MessageFormatter;

public final class ParquetCli {
    private static final String NO_CORRUPT_STATS = "has no corrupt stats";
    private static final int MOST_TOLD = 20;

    private ParquetCli() {}

    public static void main(String[] args) throws Exception {
        Common.answer(args[0], ParquetCli::complaints);
    }

    private static void complaints(JsonNode file, ObjectNode answer) throws Exception {
        String path = file.get("path").asText();
        JsonNode bloom = file.path("bloom");
        List<String> complaints = new ArrayList<>();
        checkStats(path, complaints);
        try (ParquetFileReader reader = ParquetMr.open(path, ParquetMr.options().build())) {
            columnIndex(path, reader, complaints);
            everyValue(reader, bloom, path, complaints);
        }
        answer.set("complaints", Common.JSON.valueToTree(complaints.stream().limit(MOST_TOLD).toList()));
    }

    /** A command with its fields set, as its command line would have set them; what it prints goes to `lines`. */
    private static int run(Class<? extends BaseCommand> command, Map<String, Object> fields, List<String> lines)
            throws Exception {
        Logger console = (Logger) Proxy.newProxyInstance(
                ParquetCli.class.getClassLoader(), new Class<?>[] {Logger.class}, (proxy, method, args) -> {
                    switch (method.getName()) {
                        case "info", "warn", "error" -> {
                            Object[] values = args.length == 2 && args[1] instanceof Object[] all
                                    ? all : java.util.Arrays.copyOfRange(args, 1, args.length);
                            String text = MessageFormatter.arrayFormat((String) args[0], values).getMessage();
                            text.lines().forEach(lines::add);
                        }
                        default -> {}
                    }
                    return method.getReturnType() == boolean.class ? Boolean.FALSE : null;
                });
        BaseCommand made = command.getConstructor(Logger.class).newInstance(console);
        made.setConf(ParquetMr.HADOOP);
        for (Map.Entry<String, Object> entry : fields.entrySet()) {
            Field field = command.getDeclaredField(entry.getKey());
            field.setAccessible(true);
            field.set(made, entry.getValue());
        }
        return made.run();
    }

    private static void checkStats(String path, List<String> complaints) throws Exception {
        List<String> lines = new ArrayList<>();
        int code = run(CheckParquet251Command.class, Map.of("files", List.of(path)), lines);
        if (code != 0 || lines.size() != 1 || !lines.get(0).endsWith(NO_CORRUPT_STATS)) {
            complaints.add("check-stats: exit " + code + ": " + String.join(" / ", lines));
        }
    }

    private static void columnIndex(String path, ParquetFileReader reader, List<String> complaints) throws Exception {
        List<String> lines = new ArrayList<>();
        int code = run(ShowColumnIndexCommand.class, Map.of("files", List.of(path)), lines);
        int chunks = reader.getRowGroups().stream().mapToInt(group -> group.getColumns().size()).sum();
        int found = 0;
        String what = null;
        for (String line : lines) {
            if (what != null) {
                if (line.equals("NONE")) {
                    complaints.add("column-index: " + what + " NONE");
                }
                what = null;
            } else if (line.startsWith("column index for column ") || line.startsWith("offset index for column ")) {
                what = line;
                found++;
            }
        }
        if (code != 0 || found != 2 * chunks) {
            complaints.add("column-index: exit " + code + ", " + found + " indexes of " + chunks + " column chunks");
        }
    }

    /** Says which of some values each row group's Bloom filter does not have, by the command: row group -> values. */
    private static List<Set<String>> absent(String path, String column, List<String> values, int groups) throws Exception {
        List<String> lines = new ArrayList<>();
        int code = run(ShowBloomFilterCommand.class,
                Map.of("file", path, "columnPath", column, "testValues", values), lines);
        List<Set<String>> absent = new ArrayList<>();
        int said = 0;
        for (String line : lines) {
            if (line.startsWith("Row group ")) {
                absent.add(new LinkedHashSet<>());
            } else if (line.endsWith(" has no bloom filter")) {
                absent.get(absent.size() - 1).addAll(values);
                said += values.size();
            } else if (line.startsWith("value ")) {
                if (line.endsWith(" NOT exists.")) {
                    absent.get(absent.size() - 1).add(line.substring(6, line.length() - " NOT exists.".length()));
                }
                said++;
            }
        }
        if (code != 0 || said != values.size() * groups) {
            throw new IOException("bloom-filter of " + column + ": exit " + code + ", " + String.join(" / ", lines));
        }
        return absent;
    }

    /** Reads all values and holds the footer's bounds, the page index and the Bloom filters against them. */
    private static void everyValue(ParquetFileReader reader, JsonNode bloom, String path, List<String> complaints)
            throws Exception {
        FileMetaData file = reader.getFileMetaData();
        MessageType schema = file.getSchema();
        List<BlockMetaData> groups = reader.getRowGroups();
        Map<String, List<String>> asked = new HashMap<>();
        Map<String, List<Set<String>>> absent = new HashMap<>();
        for (Map.Entry<String, JsonNode> column : (Iterable<Map.Entry<String, JsonNode>>) bloom::fields) {
            List<String> values = new ArrayList<>();
            column.getValue().forEach(value -> values.add(value.asText()));
            // A value with an end of a line would be two in what the command prints.
            values.removeIf(value -> value.lines().count() > 1);
            asked.put(column.getKey(), values);
            absent.put(column.getKey(), absent(path, column.getKey(), values, groups.size()));
        }
        for (int group = 0; group < groups.size(); group++) {
            PageReadStore pages = reader.readNextRowGroup();
            ColumnReadStoreImpl columns = new ColumnReadStoreImpl(pages, converters(schema), schema, file.getCreatedBy());
            for (ColumnChunkMetaData chunk : groups.get(group).getColumns()) {
                String name = chunk.getPath().toDotString();
                String where = "row group " + group + ", column " + name + ": ";
                Values values = new Values(columns.getColumnReader(schema.getColumnDescription(
                        chunk.getPath().toArray())), pages.getRowCount());
                List<String> wrong = new ArrayList<>();
                values.bounds(chunk.getStatistics(), wrong);
                values.index(reader.readColumnIndex(chunk), reader.readOffsetIndex(chunk), wrong);
                if (asked.containsKey(name)) {
                    values.bloom(reader.readBloomFilter(chunk), wrong);
                    Set<String> here = values.texts();
                    for (String value : asked.get(name)) {
                        if (here.contains(value) && absent.get(name).get(group).contains(value)) {
                            wrong.add("bloom-filter says that this value is not there: " + value);
                        }
                    }
                }
                wrong.forEach(text -> complaints.add(where + text));
            }
            pages.close();
        }
    }

    /** Converters for values that are asked for one by one: nothing is sent to them. */
    private static GroupConverter converters(MessageType schema) {
        return new GroupConverter() {
            @Override
            public Converter getConverter(int field) {
                return new PrimitiveConverter() {};
            }

            @Override
            public void start() {}

            @Override
            public void end() {}
        };
    }

    /** All values of a column chunk in their order, NULL included. */
    private static final class Values {
        final PrimitiveType type;
        final PrimitiveComparator<Object> order;
        final Object[] values;

        @SuppressWarnings("unchecked")
        Values(ColumnReader reader, long rows) {
            ColumnDescriptor column = reader.getDescriptor();
            type = column.getPrimitiveType();
            order = (PrimitiveComparator<Object>) (PrimitiveComparator<?>) type.comparator();
            values = new Object[Math.toIntExact(rows)];
            for (int row = 0; row < values.length; row++) {
                if (reader.getCurrentDefinitionLevel() == column.getMaxDefinitionLevel()) {
                    values[row] = switch (type.getPrimitiveTypeName()) {
                        case INT32 -> reader.getInteger();
                        case INT64 -> reader.getLong();
                        case BINARY -> reader.getBinary().copy();
                        default -> throw new IllegalArgumentException("type " + type);
                    };
                }
                reader.consume();
            }
        }

        /** The footer's null count and bounds. */
        void bounds(Statistics<?> statistics, List<String> wrong) {
            int nulls = nulls(0, values.length);
            if (!statistics.isNumNullsSet() || statistics.getNumNulls() != nulls) {
                wrong.add("statistics say " + statistics.getNumNulls() + " nulls, there are " + nulls);
            }
            if (statistics.hasNonNullValue()) {
                within("statistics", 0, values.length, statistics.genericGetMin(), statistics.genericGetMax(), wrong);
            } else if (nulls < values.length) {
                wrong.add("statistics have no bounds");
            }
        }

        /** The null counts, bounds and order of the pages. */
        void index(ColumnIndex index, OffsetIndex offsets, List<String> wrong) {
            if (index == null || offsets == null) {
                return;  // column-index says so
            }
            int pages = offsets.getPageCount();
            if (index.getNullPages().size() != pages) {
                wrong.add("column index has " + index.getNullPages().size() + " pages, offset index " + pages);
                return;
            }
            List<Object> least = new ArrayList<>(), greatest = new ArrayList<>();
            for (int page = 0; page < pages; page++) {
                int from = Math.toIntExact(offsets.getFirstRowIndex(page));
                int to = (int) offsets.getLastRowIndex(page, values.length) + 1;
                String name = "page " + page + " of the column index";
                if (page == 0 ? from != 0 : from < offsets.getFirstRowIndex(page - 1)) {
                    wrong.add(name + " begins at row " + from);
                    return;
                }
                int nulls = nulls(from, to);
                if (index.getNullCounts() == null || index.getNullCounts().get(page) != nulls) {
                    wrong.add(name + " says "
                            + (index.getNullCounts() == null ? "nothing" : index.getNullCounts().get(page))
                            + " of nulls, there are " + nulls);
                }
                if (index.getNullPages().get(page) != (nulls == to - from)) {
                    wrong.add(name + " is " + (nulls == to - from ? "not " : "") + "marked as a page of nulls");
                } else if (nulls < to - from) {
                    Object min = value(index.getMinValues().get(page)), max = value(index.getMaxValues().get(page));
                    within(name, from, to, min, max, wrong);
                    least.add(min);
                    greatest.add(max);
                }
            }
            BoundaryOrder said = index.getBoundaryOrder();
            if (said == BoundaryOrder.ASCENDING && !(ascends(least) && ascends(greatest))) {
                wrong.add("column index is not ascending");
            }
            if (said == BoundaryOrder.DESCENDING) {
                Collections.reverse(least);
                Collections.reverse(greatest);
                if (!(ascends(least) && ascends(greatest))) {
                    wrong.add("column index is not descending");
                }
            }
        }

        void bloom(BloomFilter filter, List<String> wrong) {
            if (filter == null) {
                if (nulls(0, values.length) < values.length) {
                    wrong.add("no Bloom filter");
                }
                return;
            }
            for (Object value : values) {
                if (value != null && !filter.findHash(filter.hash(value))) {
                    wrong.add("Bloom filter lacks " + text(value));
                    return;
                }
            }
        }

        Set<String> texts() {
            Set<String> texts = new LinkedHashSet<>();
            for (Object value : values) {
                if (value != null) {
                    texts.add(text(value));
                }
            }
            return texts;
        }

        private void within(String what, int from, int to, Object min, Object max, List<String> wrong) {
            for (int row = from; row < to; row++) {
                Object value = values[row];
                if (value != null && (order.compare(min, value) > 0 || order.compare(value, max) > 0)) {
                    wrong.add(what + ": " + shown(value) + " is not within " + shown(min) + " and " + shown(max));
                    return;
                }
            }
        }

        private boolean ascends(List<Object> bounds) {
            for (int i = 1; i < bounds.size(); i++) {
                if (order.compare(bounds.get(i - 1), bounds.get(i)) > 0) {
                    return false;
                }
            }
            return true;
        }

        private int nulls(int from, int to) {
            int nulls = 0;
            for (int row = from; row < to; row++) {
                nulls += values[row] == null ? 1 : 0;
            }
            return nulls;
        }

        private Object value(ByteBuffer plain) {
            return switch (type.getPrimitiveTypeName()) {
                case INT32 -> plain.duplicate().order(ByteOrder.LITTLE_ENDIAN).getInt();
                case INT64 -> plain.duplicate().order(ByteOrder.LITTLE_ENDIAN).getLong();
                default -> Binary.fromConstantByteBuffer(plain);
            };
        }

        private static String text(Object value) {
            return value instanceof Binary binary ? binary.toStringUsingUTF8() : value.toString();
        }

        private static String shown(Object value) {
            String text = text(value);
            return text.length() <= 60 ? text : text.substring(0, 50) + "… (" + text.length() + " characters)";
        }
    }
}
