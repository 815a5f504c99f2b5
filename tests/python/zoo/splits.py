"""Which row groups belong to which part of a file, by the rules of the engines that cut files into byte ranges.

An engine that runs on many machines cuts a file into ranges without having read it. Whoever has a range then takes the
row groups that are its own, by a point of each that must lie in the range. All rules want a point; they differ in
which. A row group whose point lies in no range is read by nobody, without an error.

In: the footer as zoo/thrift.py reads it. Pure functions.
"""

KIB64 = 64 << 10


def first_page(column):
    """The chunk's first page: the dictionary if that lies in front."""
    meta = column.meta_data
    offset = meta.data_page_offset
    if meta.dictionary_page_offset is not None and meta.dictionary_page_offset < offset:
        return meta.dictionary_page_offset
    return offset


def compressed(group):
    if group.total_compressed_size is not None:
        return group.total_compressed_size
    return sum(column.meta_data.total_compressed_size for column in group.columns)


def parquet_mr(group):
    """parquet-java, ParquetMetadataConverter.filterFileMetaDataByMidpoint, with getOffset(ColumnChunk): Spark (both
    readers), Hive, EMR, Glue, Iceberg. `startIndex + totalSize / 2`, the start being that of the first column of the
    schema."""
    return first_page(group.columns[0]) + compressed(group) // 2


def first_data_page(group):
    """Hive's ParquetRecordReaderBase, Drill's HiveDrillNativeParquetRowGroupScan (getRowGroupNumbersFromFileSplit),
    Presto's and older Trino's ParquetPageSourceFactory: `block.getColumns().get(0).getFirstDataPageOffset()`."""
    return group.columns[0].meta_data.data_page_offset


def starting_position(group):
    """Trino's PredicateUtils.getFilteredRowGroups by BlockMetadata.getStartingPos; Dremio's getFirstPageOffset: the
    first page of the first column, whichever that is."""
    return first_page(group.columns[0])


def datafusion(group):
    """DataFusion, RowGroupAccessPlanFilter::prune_by_range: the dictionary page's offset if there is one, else the data
    page's."""
    meta = group.columns[0].meta_data
    return meta.data_page_offset if meta.dictionary_page_offset is None else meta.dictionary_page_offset


def impala(group):
    """Impala, GetRowGroupMidOffset in hdfs-parquet-scanner.cc: the middle between the first column's start and the last
    one's end."""
    start, last = first_page(group.columns[0]), group.columns[-1]
    return start + (first_page(last) + last.meta_data.total_compressed_size - start) // 2


def file_offset(group):
    """parquet-java, ParquetMetadataConverter.filterFileMetaDataByStart: RowGroup.file_offset; Drill's own row group
    scan starts where it says too."""
    return group.file_offset


RULES = {"parquet-mr's midpoint": parquet_mr, "first data page (Hive, Drill, Presto)": first_data_page,
         "starting position (Trino, Dremio)": starting_position, "DataFusion's range": datafusion,
         "Impala's midpoint": impala, "file_offset": file_offset}


def ranges(size, split):
    """The ranges of a file of `size` bytes: [(from, to)], `to` not included."""
    return [(at, min(at + split, size)) for at in range(0, size, split)]


def assigned(groups, rule, size, split):
    """For each range the numbers of the row groups that it takes."""
    points = [rule(group) for group in groups]
    return [[i for i, point in enumerate(points) if point is not None and low <= point < high]
            for low, high in ranges(size, split)]


def split_sizes(size):
    """64 KiB, doubled until the whole file is one split; for small files some that cut them all the same."""
    sizes, split = {max(size // 3, 1), max(size // 7, 1), size}, KIB64
    while split < size:
        sizes.add(split)
        split *= 2
    return sorted(sizes)


def problems(meta, size):
    """Yields a line for each row group that a rule gives to no range, or to several, or by a point outside its own
    bytes."""
    for name, rule in RULES.items():
        for number, group in enumerate(meta.row_groups):
            point = rule(group)
            begin = min(first_page(column) for column in group.columns)
            end = max(first_page(column) + column.meta_data.total_compressed_size for column in group.columns)
            if point is None or not begin <= point < end:
                yield f"{name}: row group {number} lies from {begin} to {end}, its point at {point}"
                continue
        for split in split_sizes(size):
            taken = [i for part in assigned(meta.row_groups, rule, size, split) for i in part]
            if sorted(taken) != list(range(len(meta.row_groups))):
                lost = sorted(set(range(len(meta.row_groups))) - set(taken))
                yield f"{name}: splits of {split} bytes read row groups {lost[:5]} not at all"
                break
    yield from repaired_offsets(meta, size)


def repaired_offsets(meta, size):
    """parquet-java, ParquetMetadataConverter.filterFileMetaDataByMidpoint where the first column has no metadata of its own
    (encrypted ones), and what was ported from it: an offset before the end of the row groups in front, as in a stripe, is
    taken for corrupt and for that end instead. Its middle must lie in the file all the same."""
    before = packed = 0
    for number, group in enumerate(meta.row_groups):
        offset = group.file_offset
        if offset is None or (before == 0 and offset != 4):
            yield f"parquet-mr takes file_offset {offset} of row group {number} for corrupt"
            return
        before, packed = max(offset, before + packed), compressed(group)
        if before + packed // 2 >= size:
            yield f"parquet-mr puts row group {number} at {before}, half of its {packed} bytes is behind the end"
            return
