//go:build arrowgo

// The reader arrow-go: columns as Arrow record batches, "off" and the settings with pruning by its column readers.
//
// It does not look at the checksums of pages.
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

type arrowGoFile struct{ *file.Reader }

// "has-min-max" is what users do who trust HasMinMax: right over files that have both bounds of a chunk or none.
func init() { settings["has-min-max"] = use{statistics: true, asGiven: true} }

func open(path string) (opened, error) {
	reader, err := file.OpenParquetFile(path, false)
	if err != nil {
		return nil, err
	}
	return &arrowGoFile{reader}, nil
}

func (f *arrowGoFile) close() error { return f.Reader.Close() }

func (f *arrowGoFile) columns() ([]column, error) {
	kinds := map[parquet.Type]kind{
		parquet.Types.ByteArray: kindString, parquet.Types.Int32: kindInt32, parquet.Types.Int64: kindInt64,
	}
	schema := f.MetaData().Schema
	var columns []column
	for i := range schema.NumColumns() {
		c := schema.Column(i)
		kind, ours := kinds[c.PhysicalType()]
		if !ours || c.MaxRepetitionLevel() != 0 || c.MaxDefinitionLevel() != 1 {
			return nil, fmt.Errorf("column %q is of type %s, or not flat and optional", c.Path(), c.PhysicalType())
		}
		columns = append(columns, column{name: c.Name(), kind: kind, index: i})
	}
	return columns, nil
}

func (f *arrowGoFile) scan(columns []column, each func(column int, v value)) error {
	reader, err := pqarrow.NewFileReader(f.Reader, pqarrow.ArrowReadProperties{BatchSize: 4096}, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	records, err := reader.GetRecordReader(context.Background(), nil, nil)
	if err != nil {
		return err
	}
	defer records.Release()
	for records.Next() {
		batch := records.RecordBatch()
		for i, c := range columns {
			if err := readArray(batch.Column(c.index), c.kind, func(v value) { each(i, v) }); err != nil {
				return fmt.Errorf("column %q: %w", c.name, err)
			}
		}
	}
	if err := records.Err(); err != nil && err != io.EOF {
		return err
	}
	return nil
}

// readArray gives the values of an Arrow array.
func readArray(values arrow.Array, kind kind, each func(v value)) error {
	var text func(i int) string
	switch values := values.(type) {
	case array.StringLike:
		text = values.Value
	case *array.Dictionary:
		entries, strings := values.Dictionary().(array.StringLike)
		if !strings {
			return fmt.Errorf("Arrow type %s", values.DataType())
		}
		text = func(i int) string { return entries.Value(values.GetValueIndex(i)) }
	}
	int32s, isInt32 := values.(*array.Int32)
	int64s, isInt64 := values.(*array.Int64)
	for i := range values.Len() {
		v := value{kind: kind}
		switch {
		case values.IsNull(i):
			v.null = true
		case kind == kindString && text != nil:
			v.text = []byte(text(i))
		case kind == kindInt32 && isInt32:
			v.number = int64(int32s.Value(i))
		case kind == kindInt64 && isInt64:
			v.number = int64s.Value(i)
		default:
			return fmt.Errorf("Arrow type %s", values.DataType())
		}
		each(v)
	}
	return nil
}

func (f *arrowGoFile) off(columns []column, each func(column int, v value)) error {
	for group := range f.NumRowGroups() {
		for i, c := range columns {
			rows := f.RowGroup(group).NumRows()
			if err := f.readRows(group, c, -1, rows, func(v value) { each(i, v) }); err != nil {
				return fmt.Errorf("column %q: %w", c.name, err)
			}
		}
	}
	return nil
}

// readRows gives the values of some rows of a row group. `first` of -1 is the beginning, without a jump.
func (f *arrowGoFile) readRows(group int, c column, first, rows int64, each func(v value)) (err error) {
	reader, err := f.RowGroup(group).Column(c.index)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	if first >= 0 {
		if err := reader.SeekToRow(first); err != nil {
			return err
		}
	}
	switch reader := reader.(type) {
	case *file.Int32ColumnChunkReader:
		return readBatches(reader.ReadBatch, rows, func(n int32) { each(value{kind: kindInt32, number: int64(n)}) },
			func() { each(value{kind: kindInt32, null: true}) })
	case *file.Int64ColumnChunkReader:
		return readBatches(reader.ReadBatch, rows, func(n int64) { each(value{kind: kindInt64, number: n}) },
			func() { each(value{kind: kindInt64, null: true}) })
	case *file.ByteArrayColumnChunkReader:
		return readBatches(reader.ReadBatch, rows, func(b parquet.ByteArray) { each(value{kind: kindString, text: b}) },
			func() { each(value{kind: kindString, null: true}) })
	}
	return fmt.Errorf("no reader for type %s", reader.Type())
}

// readBatches puts the values of a column reader, which leaves NULLs out, back where they belong.
func readBatches[T any](
	read func(int64, []T, []int16, []int16) (int64, int, error), rows int64, each func(T), null func(),
) error {
	const size = 1000
	values, levels := make([]T, size), make([]int16, size)
	for rows > 0 {
		n, found, err := read(min(rows, size), values, levels, nil)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("%d rows are missing", rows)
		}
		next := 0
		for _, level := range levels[:n] {
			if level == 0 {
				null()
				continue
			}
			each(values[next])
			next++
		}
		if next != found {
			return fmt.Errorf("%d values for %d levels that say one is there", found, next)
		}
		rows -= n
	}
	return nil
}

func (f *arrowGoFile) rowGroups(c column) ([]rowGroup, error) {
	var groups []rowGroup
	for ordinal := range f.NumRowGroups() {
		g, err := f.rowGroup(ordinal, c)
		if err != nil {
			return nil, fmt.Errorf("row group %d: %w", ordinal, err)
		}
		groups = append(groups, g)
	}
	return groups, nil
}

func (f *arrowGoFile) rowGroup(ordinal int, c column) (rowGroup, error) {
	rows := f.RowGroup(ordinal).NumRows()
	g := rowGroup{whole: known{rows: rows, nulls: -1}}
	chunk, err := f.RowGroup(ordinal).MetaData().ColumnChunk(c.index)
	if err != nil {
		return g, err
	}
	statistics, err := chunk.Statistics()
	if err != nil {
		return g, err
	}
	if statistics != nil {
		if statistics.HasNullCount() {
			g.whole.nulls = statistics.NullCount()
		}
		if statistics.HasMinMax() {
			if g.whole.least, err = plain(statistics.EncodeMin(), c.kind); err != nil {
				return g, err
			}
			if g.whole.most, err = plain(statistics.EncodeMax(), c.kind); err != nil {
				return g, err
			}
		}
		// HasMinMax is also true if only one of them is in the file; the other one then reads as 0 or "".
		raw := f.MetaData().RowGroups[ordinal].Columns[c.index].MetaData.Statistics
		if !raw.IsSetMinValue() || !raw.IsSetMaxValue() {
			asGiven := g.whole
			g.asGiven = &asGiven
			g.whole.least, g.whole.most = nil, nil
		}
	}
	if g.pages, err = f.pages(ordinal, c, rows); err != nil {
		return g, err
	}

	filters, err := f.GetBloomFilterReader().RowGroup(ordinal)
	if err != nil {
		return g, err
	}
	filter, err := filters.GetColumnBloomFilter(c.index)
	if err != nil {
		return g, err
	}
	if filter != nil {
		g.bloom = func(v value) (bool, error) {
			switch c.kind {
			case kindInt32:
				return (&metadata.TypedBloomFilter[int32]{BloomFilter: filter}).Check(int32(v.number)), nil
			case kindInt64:
				return (&metadata.TypedBloomFilter[int64]{BloomFilter: filter}).Check(v.number), nil
			default:
				return (&metadata.TypedBloomFilter[parquet.ByteArray]{BloomFilter: filter}).Check(v.text), nil
			}
		}
	}
	if onlyDictionaryPages(chunk.EncodingStats()) {
		g.dictionary = func() ([]value, error) { return f.dictionary(ordinal, c) }
	}
	g.read = func(first, rows int64, each func(v value)) error { return f.readRows(ordinal, c, first, rows, each) }
	return g, nil
}

// pages gives what the page index says, nil if there is none.
func (f *arrowGoFile) pages(ordinal int, c column, rows int64) ([]known, error) {
	indexes, err := f.GetPageIndexReader().RowGroup(ordinal)
	if err != nil || indexes == nil {
		return nil, err
	}
	index, err := indexes.GetColumnIndex(c.index)
	if err != nil || index == nil {
		return nil, err
	}
	offsets, err := indexes.GetOffsetIndex(c.index)
	if err != nil || offsets == nil {
		return nil, err
	}
	onlyNulls, places := index.GetNullPages(), offsets.GetPageLocations()
	if len(onlyNulls) != len(places) {
		return nil, fmt.Errorf("%d pages in the column index, %d in the offset index", len(onlyNulls), len(places))
	}
	pages := []known{}
	for i, place := range places {
		page := known{first: place.FirstRowIndex, rows: rows - place.FirstRowIndex, nulls: -1, onlyNulls: onlyNulls[i]}
		if i+1 < len(places) {
			page.rows = places[i+1].FirstRowIndex - place.FirstRowIndex
		}
		if index.IsSetNullCounts() {
			page.nulls = index.GetNullCounts()[i]
		}
		if !page.onlyNulls {
			if page.least, err = plain(index.GetMinValues()[i], c.kind); err != nil {
				return nil, err
			}
			if page.most, err = plain(index.GetMaxValues()[i], c.kind); err != nil {
				return nil, err
			}
		}
		pages = append(pages, page)
	}
	return pages, nil
}

// dictionary gives the entries of the chunk's dictionary page.
func (f *arrowGoFile) dictionary(ordinal int, c column) (entries []value, err error) {
	reader, err := f.RowGroup(ordinal).GetColumnPageReader(c.index)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	page, err := reader.GetDictionaryPage()
	if err != nil || page == nil {
		return nil, errors.Join(errors.New("no dictionary, though encoding_stats says so"), err)
	}
	defer page.Release()
	data := page.Data()
	for range page.NumValues() {
		size := map[kind]int{kindInt32: 4, kindInt64: 8}[c.kind]
		if c.kind == kindString && len(data) >= 4 {
			size = int(binary.LittleEndian.Uint32(data))
			data = data[4:]
		}
		if len(data) < size {
			return nil, errors.New("the dictionary ends within a value")
		}
		entry, err := plain(append([]byte{}, data[:size]...), c.kind)
		if err != nil {
			return nil, err
		}
		entries = append(entries, *entry)
		data = data[size:]
	}
	return entries, nil
}

// plain decodes a value without the length that PLAIN has before strings.
func plain(data []byte, kind kind) (*value, error) {
	switch {
	case kind == kindInt32 && len(data) == 4:
		return &value{kind: kind, number: int64(int32(binary.LittleEndian.Uint32(data)))}, nil
	case kind == kindInt64 && len(data) == 8:
		return &value{kind: kind, number: int64(binary.LittleEndian.Uint64(data))}, nil
	case kind == kindString:
		return &value{kind: kind, text: data}, nil
	}
	return nil, fmt.Errorf("a number of %d bytes", len(data))
}

// onlyDictionaryPages tells whether all data pages of a chunk are known to be indexes into its dictionary.
func onlyDictionaryPages(pages []metadata.PageEncodingStats) bool {
	found := false
	for _, page := range pages {
		if page.PageType == file.PageTypeDictionaryPage {
			continue
		}
		if page.Encoding != parquet.Encodings.RLEDict && page.Encoding != parquet.Encodings.PlainDict {
			return false
		}
		found = true
	}
	return found
}
