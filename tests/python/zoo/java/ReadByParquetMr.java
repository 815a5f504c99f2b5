// Reads files by parquet-mr, the library under Spark, Hive, EMR and Glue, and prints what it found: one JSON line a file.
//
//     java ReadByParquetMr JOB.json SPLIT_SIZE...
//
// Every file is read whole, by each split size (a split gets the row groups that the library gives to its byte range),
// row group by row group, and once for each filter and each way to prune. Page checksums are verified where there are any.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.Dictionary;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.filter2.predicate.FilterApi;
import org.apache.parquet.filter2.predicate.FilterPredicate;
import org.apache.parquet.filter2.predicate.Operators.BinaryColumn;
import org.apache.parquet.filter2.predicate.Operators.IntColumn;
import org.apache.parquet.filter2.predicate.Operators.LongColumn;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.FileMetaData;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;

public final class ReadByParquetMr {
    /** A way to prune: which of the library's four filters of row groups and pages are on. */
    private enum Setting {
        ON(true, true, true, true),
        OFF(false, false, false, false),
        STATISTICS(true, false, false, false),
        DICTIONARY(false, true, false, false),
        COLUMN_INDEX(false, false, true, false),
        BLOOM(false, false, false, true);

        final boolean statistics, dictionary, columnIndex, bloom;

        Setting(boolean statistics, boolean dictionary, boolean columnIndex, boolean bloom) {
            this.statistics = statistics;
            this.dictionary = dictionary;
            this.columnIndex = columnIndex;
            this.bloom = bloom;
        }

        String title() {
            return this == ON || this == OFF ? name().toLowerCase() : name().toLowerCase().replace('_', '-') + "-only";
        }
    }

    private ReadByParquetMr() {}

    public static void main(String[] args) throws Exception {
        long[] sizes = Arrays.stream(args).skip(1).mapToLong(Long::parseLong).toArray();
        Common.answer(args[0], (file, answer) -> answer(file, sizes, answer));
    }

    private static void answer(JsonNode file, long[] sizes, ObjectNode answer) throws IOException {
        String path = file.get("path").asText();
        ParquetReadOptions plain = ParquetMr.options().build();
        ParquetMetadata footer;
        try (ParquetFileReader reader = ParquetMr.open(path, plain)) {
            footer = reader.getFooter();
        }
        MessageType schema = footer.getFileMetaData().getSchema();
        List<BlockMetaData> groups = footer.getBlocks();
        check(file.get("columns"), schema);
        Sums whole = new Sums(schema, true);
        whole.read(path, plain);
        whole.put(answer);
        answer.put("row_groups", groups.size());

        filters(path, footer, file.get("filters"), answer);

        ObjectNode splits = answer.putObject("splits");
        long length = new File(path).length();
        for (long size : sizes) {
            List<ParquetReadOptions> ranges = new ArrayList<>();
            for (long start = 0; start < length; start += size) {
                ranges.add(ParquetMr.options().withRange(start, Math.min(start + size, length)).build());
            }
            readSplits(path, ranges, whole).put(splits.putObject(Long.toString(size)));
        }
        // One split a row group, as for readers that name row groups by where they begin.
        List<ParquetReadOptions> offsets = new ArrayList<>();
        for (BlockMetaData group : groups) {
            offsets.add(ParquetMr.options().withOffsets(group.getStartingPos()).build());
        }
        readSplits(path, offsets, whole).put(splits.putObject("row-groups"));
    }

    /** What all splits hold together. MD5 takes most of the time: it is done again only where another hash says that the
     * values are not those of the whole file. */
    private static Sums readSplits(String path, List<ParquetReadOptions> splits, Sums whole) throws IOException {
        Sums sums = new Sums(whole.schema, false);
        for (ParquetReadOptions split : splits) {
            sums.read(path, split);
        }
        if (sums.same(whole)) {
            return whole;
        }
        sums = new Sums(whole.schema, true);
        for (ParquetReadOptions split : splits) {
            sums.read(path, split);
        }
        return sums;
    }

    /** Throws if the file has other columns than the job says, or in another order. */
    private static void check(JsonNode columns, MessageType schema) {
        Map<String, String> expected = new LinkedHashMap<>(), found = new LinkedHashMap<>();
        columns.fields().forEachRemaining(column -> expected.put(column.getKey(), column.getValue().asText()));
        for (Type type : schema.getFields()) {
            PrimitiveTypeName name = type.asPrimitiveType().getPrimitiveTypeName();
            found.put(type.getName(), name == PrimitiveTypeName.BINARY ? "string" : name.name().toLowerCase());
        }
        if (!List.copyOf(expected.entrySet()).equals(List.copyOf(found.entrySet()))) {
            throw new IllegalArgumentException("columns are " + found + ", not " + expected);
        }
    }

    /** Counts the rows of each filter by each setting, and says how many rows were left to be read. The columns beside
     * the filter's are read along: where pages are skipped, their rows must still fit together. */
    private static void filters(String path, ParquetMetadata footer, JsonNode filters, ObjectNode answer) throws IOException {
        MessageType schema = footer.getFileMetaData().getSchema();
        ObjectNode counts = answer.putObject("filters"), pruned = answer.putObject("pruned");
        for (Setting setting : Setting.values()) {
            counts.putArray(setting.title());
            pruned.putArray(setting.title());
        }
        for (JsonNode filter : filters) {
            int column = schema.getFieldIndex(filter.get("column").asText());
            int all = schema.getFieldCount();
            MessageType projection = new MessageType(schema.getName(), new TreeSet<>(
                    List.of(column, (column + 1) % all, (column + all - 1) % all)).stream().map(schema::getType).toList());
            Sums before = null;
            for (Setting setting : Setting.values()) {
                ParquetReadOptions options = ParquetMr.options()
                        .withRecordFilter(FilterCompat.get(predicate(filter, schema.getType(column).asPrimitiveType())))
                        .useStatsFilter(setting.statistics)
                        .useDictionaryFilter(setting.dictionary)
                        .useColumnIndexFilter(setting.columnIndex)
                        .useBloomFilter(setting.bloom)
                        .useRecordFilter(true)
                        .build();
                Sums sums = new Sums(projection, false);
                try (ParquetFileReader reader = ParquetMr.open(path, footer, options)) {
                    sums.read(reader, options);
                }
                ((ArrayNode) counts.get(setting.title())).add(sums.rows);
                ((ArrayNode) pruned.get(setting.title())).add(sums.read);
                if (before != null && before.rows == sums.rows && !before.same(sums)) {
                    throw new IllegalStateException("filter " + filter + " by " + setting.title()
                            + ": as many rows as by other settings, but other values in them or beside them");
                }
                before = sums;
            }
        }
    }

    private static FilterPredicate predicate(JsonNode filter, PrimitiveType type) {
        String name = type.getName();
        String op = filter.get("op").asText();
        boolean none = op.startsWith("is ");
        JsonNode value = filter.get("value");
        switch (type.getPrimitiveTypeName()) {
            case INT32: {
                IntColumn column = FilterApi.intColumn(name);
                Integer bound = none ? null : Integer.valueOf(value.intValue());
                switch (op) {
                    case "<": return FilterApi.lt(column, bound);
                    case "<=": return FilterApi.ltEq(column, bound);
                    case ">": return FilterApi.gt(column, bound);
                    case ">=": return FilterApi.gtEq(column, bound);
                    case "is not null": return FilterApi.notEq(column, null);
                    default: return FilterApi.eq(column, bound);
                }
            }
            case INT64: {
                LongColumn column = FilterApi.longColumn(name);
                Long bound = none ? null : Long.valueOf(value.longValue());
                switch (op) {
                    case "<": return FilterApi.lt(column, bound);
                    case "<=": return FilterApi.ltEq(column, bound);
                    case ">": return FilterApi.gt(column, bound);
                    case ">=": return FilterApi.gtEq(column, bound);
                    case "is not null": return FilterApi.notEq(column, null);
                    default: return FilterApi.eq(column, bound);
                }
            }
            default: {
                BinaryColumn column = FilterApi.binaryColumn(name);
                Binary bound = none ? null : Binary.fromString(value.asText());
                switch (op) {
                    case "<": return FilterApi.lt(column, bound);
                    case "<=": return FilterApi.ltEq(column, bound);
                    case ">": return FilterApi.gt(column, bound);
                    case ">=": return FilterApi.gtEq(column, bound);
                    case "is not null": return FilterApi.notEq(column, null);
                    default: return FilterApi.eq(column, bound);
                }
            }
        }
    }

    /** Rows, nulls and checksums of columns, gathered from any number of readings. */
    private static final class Sums extends RecordMaterializer<Boolean> {
        final MessageType schema;
        final Cell[] cells;
        long rows;  // that match the filter
        long read;  // that were left to be read

        Sums(MessageType schema, boolean md5) {
            this.schema = schema;
            this.cells = new Cell[schema.getFieldCount()];
            Arrays.setAll(cells, i -> new Cell(md5));
        }

        /** Whether the other has the same rows, as far as a hash of 64 bits tells. */
        boolean same(Sums other) {
            boolean same = rows == other.rows;
            for (int i = 0; i < cells.length; i++) {
                same &= cells[i].checksum.same(other.cells[i].checksum);
            }
            return same;
        }

        /** Adds what the library reads of a file with those options, just as its own record reader does. */
        void read(String path, ParquetReadOptions options) throws IOException {
            try (ParquetFileReader reader = ParquetMr.open(path, options)) {
                read(reader, options);
            }
        }

        void read(ParquetFileReader reader, ParquetReadOptions options) throws IOException {
            FileMetaData file = reader.getFileMetaData();
            reader.setRequestedSchema(schema);
            long left = reader.getFilteredRecordCount();
            read += left;
            MessageColumnIO io = new ColumnIOFactory(file.getCreatedBy()).getColumnIO(schema, file.getSchema(), true);
            FilterCompat.Filter filter = options.getRecordFilter();
            FilterCompat.Filter kept = options.useRecordFilter() && filter != null ? filter : FilterCompat.NOOP;
            while (left > 0) {
                PageReadStore pages = reader.readNextFilteredRowGroup();
                if (pages == null) {
                    throw new IOException(left + " rows less than the footer says");
                }
                RecordReader<Boolean> records = io.getRecordReader(pages, this, kept);
                for (long row = 0; row < pages.getRowCount(); row++) {
                    records.read();
                }
                left -= pages.getRowCount();
                pages.close();
            }
        }

        void put(ObjectNode answer) {
            answer.put("rows", rows);
            ObjectNode columns = answer.putObject("columns");
            for (int i = 0; i < cells.length; i++) {
                cells[i].checksum.put(columns.putObject(schema.getFieldName(i)));
            }
        }

        /** Called for every row that matches the filter. */
        @Override
        public Boolean getCurrentRecord() {
            rows++;
            for (Cell cell : cells) {
                if (cell.filled) {
                    cell.checksum.add();
                } else {
                    cell.checksum.nulls++;
                }
            }
            return Boolean.TRUE;
        }

        @Override
        public GroupConverter getRootConverter() {
            return new GroupConverter() {
                @Override
                public Converter getConverter(int field) {
                    return cells[field];
                }

                @Override
                public void start() {
                    for (Cell cell : cells) {
                        cell.filled = false;
                    }
                }

                @Override
                public void end() {}
            };
        }
    }

    /** One column of the row at hand, and its checksum. */
    private static final class Cell extends PrimitiveConverter {
        final Checksum checksum;
        private Dictionary dictionary;
        private long[] knownHash = {}, knownMix = {};  // of the dictionary's values; a mix of 0 is not known yet
        boolean filled;

        Cell(boolean md5) {
            checksum = new Checksum(md5);
        }

        @Override
        public boolean hasDictionarySupport() {
            return true;
        }

        @Override
        public void setDictionary(Dictionary dictionary) {
            this.dictionary = dictionary;
            knownHash = new long[dictionary.getMaxId() + 1];
            knownMix = new long[dictionary.getMaxId() + 1];
        }

        @Override
        public void addValueFromDictionary(int id) {
            if (knownMix[id] == 0) {
                switch (dictionary.getClass().getSimpleName()) {
                    case "PlainIntegerDictionary" -> addInt(dictionary.decodeToInt(id));
                    case "PlainLongDictionary" -> addLong(dictionary.decodeToLong(id));
                    default -> addBinary(dictionary.decodeToBinary(id));
                }
                knownHash[id] = checksum.hash;
                knownMix[id] = checksum.mix;
            }
            checksum.hash = knownHash[id];
            checksum.mix = knownMix[id];
            filled = true;
        }

        @Override
        public void addInt(int value) {
            addLong(value);
        }

        @Override
        public void addLong(long value) {
            checksum.take(value);
            filled = true;
        }

        @Override
        public void addBinary(Binary value) {
            checksum.take(value.getBytesUnsafe());
            filled = true;
        }
    }
}
