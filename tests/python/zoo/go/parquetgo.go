//go:build parquetgo

// The reader parquet-go: columns by their pages, "off" row by row, the settings with pruning by SeekToRow.
//
// It checks the checksums of the pages that it reads in sequence; of a dictionary that it fetches after a jump, not.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

type parquetGoFile struct {
	file *os.File
	*parquet.File
}

func open(path string) (opened, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	about, err := file.Stat()
	if err != nil {
		return nil, err
	}
	f := &parquetGoFile{file: file}
	defer func() {
		if f.File == nil { // also when the library panics
			file.Close()
		}
	}()
	f.File, err = parquet.OpenFile(file, about.Size())
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (f *parquetGoFile) close() error { return f.file.Close() }

func (f *parquetGoFile) columns() ([]column, error) {
	kinds := map[parquet.Kind]kind{parquet.ByteArray: kindString, parquet.Int32: kindInt32, parquet.Int64: kindInt64}
	var columns []column
	for _, c := range f.Root().Columns() {
		if !c.Leaf() {
			return nil, fmt.Errorf("column %q is not flat", c.Name())
		}
		kind, ours := kinds[c.Type().Kind()]
		if !ours {
			return nil, fmt.Errorf("column %q is of type %s", c.Name(), c.Type())
		}
		columns = append(columns, column{name: c.Name(), kind: kind, index: c.Index()})
	}
	return columns, nil
}

// parquetGoValue turns a value of the library into ours.
func parquetGoValue(v parquet.Value, kind kind) value {
	switch {
	case v.IsNull():
		return value{kind: kind, null: true}
	case kind == kindInt32:
		return value{kind: kind, number: int64(v.Int32())}
	case kind == kindInt64:
		return value{kind: kind, number: v.Int64()}
	default:
		return value{kind: kind, text: v.ByteArray()}
	}
}

// readPages gives `rows` values from where the pages stand; -1 is all of them.
func readPages(pages parquet.Pages, kind kind, rows int64, each func(v value)) error {
	buffer := make([]parquet.Value, 512)
	for rows != 0 {
		page, err := pages.ReadPage()
		if err == io.EOF && rows < 0 {
			return nil
		}
		if err != nil {
			return err
		}
		values := page.Values()
		for err == nil && rows != 0 {
			var n int
			n, err = values.ReadValues(buffer)
			for _, v := range buffer[:n] {
				if rows != 0 {
					each(parquetGoValue(v, kind))
					rows--
				}
			}
		}
		parquet.Release(page)
		if err != nil && err != io.EOF {
			return err
		}
	}
	return nil
}

func (f *parquetGoFile) scan(columns []column, each func(column int, v value)) error {
	for _, group := range f.RowGroups() {
		for i, c := range columns {
			rows := int64(0)
			pages := group.ColumnChunks()[c.index].Pages()
			err := readPages(pages, c.kind, -1, func(v value) { rows++; each(i, v) })
			if err = errors.Join(err, pages.Close()); err != nil {
				return fmt.Errorf("column %q: %w", c.name, err)
			}
			if rows != group.NumRows() {
				return fmt.Errorf("column %q has %d values in a row group of %d rows", c.name, rows, group.NumRows())
			}
		}
	}
	return nil
}

func (f *parquetGoFile) off(columns []column, each func(column int, v value)) error {
	buffer := make([]parquet.Row, 256)
	for _, group := range f.RowGroups() {
		if group.NumRows() == 0 {
			continue // pyarrow writes one in an empty table; Rows() fails over it
		}
		rows := group.Rows()
		var err error
		for err == nil {
			var n int
			n, err = rows.ReadRows(buffer)
			for _, row := range buffer[:n] {
				for i, c := range columns {
					each(i, parquetGoValue(row[c.index], c.kind))
				}
			}
		}
		if err == io.EOF {
			err = nil
		}
		if err = errors.Join(err, rows.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (f *parquetGoFile) rowGroups(c column) ([]rowGroup, error) {
	var groups []rowGroup
	for _, group := range f.RowGroups() {
		chunk, known := group.ColumnChunks()[c.index].(*parquet.FileColumnChunk)
		if !known {
			return nil, errors.New("the column is no chunk of a file")
		}
		g, err := f.rowGroup(chunk, c, len(groups), group.NumRows())
		if err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}
	return groups, nil
}

func (f *parquetGoFile) rowGroup(chunk *parquet.FileColumnChunk, c column, ordinal int, rows int64) (rowGroup, error) {
	g := rowGroup{whole: known{rows: rows, nulls: -1}}
	if least, most, ok := chunk.Bounds(); ok {
		g.whole.least, g.whole.most = bound(least, c.kind), bound(most, c.kind)
	}
	// A count that is not there reads as 0, like one that is 0. Only a count of other than 0 says something.
	if nulls := chunk.NullCount(); nulls != 0 {
		g.whole.nulls = nulls
	}

	index, err := chunk.ColumnIndex()
	if err != nil && !errors.Is(err, parquet.ErrMissingColumnIndex) {
		return g, err
	}
	offsets, err2 := chunk.OffsetIndex()
	if err2 != nil && !errors.Is(err2, parquet.ErrMissingOffsetIndex) {
		return g, err2
	}
	// If the first column of the file has no column index, the library reads none and shows one without pages.
	if err == nil && err2 == nil && index.NumPages() > 0 {
		if index.NumPages() != offsets.NumPages() {
			return g, fmt.Errorf("%d pages in the column index, %d in the offset index",
				index.NumPages(), offsets.NumPages())
		}
		ours := f.ColumnIndexes()[ordinal*len(f.Metadata().RowGroups[ordinal].Columns)+c.index]
		for i := range index.NumPages() {
			page := known{first: offsets.FirstRowIndex(i), nulls: -1, onlyNulls: index.NullPage(i)}
			next := rows
			if i+1 < offsets.NumPages() {
				next = offsets.FirstRowIndex(i + 1)
			}
			page.rows = next - page.first
			if !page.onlyNulls {
				page.least, page.most = bound(index.MinValue(i), c.kind), bound(index.MaxValue(i), c.kind)
			}
			if len(ours.NullCounts) > 0 {
				page.nulls = index.NullCount(i)
			}
			g.pages = append(g.pages, page)
		}
	}

	if filter := chunk.BloomFilter(); filter != nil {
		g.bloom = func(v value) (bool, error) {
			switch c.kind {
			case kindInt32:
				return filter.Check(parquet.Int32Value(int32(v.number)))
			case kindInt64:
				return filter.Check(parquet.Int64Value(v.number))
			default:
				return filter.Check(parquet.ByteArrayValue(v.text))
			}
		}
	}

	meta := &f.Metadata().RowGroups[ordinal].Columns[c.index].MetaData
	if onlyDictionary(meta.EncodingStats) {
		g.dictionary = func() ([]value, error) {
			pages := chunk.PagesFrom(f.file)
			defer pages.Close()
			dictionary, err := pages.ReadDictionary()
			if err != nil || dictionary == nil {
				return nil, errors.Join(errors.New("no dictionary, though encoding_stats says so"), err)
			}
			entries := make([]value, dictionary.Len())
			for i := range entries {
				entries[i] = parquetGoValue(dictionary.Index(int32(i)).Clone(), c.kind)
			}
			return entries, nil
		}
	}

	g.read = func(first, rows int64, each func(v value)) error {
		pages := chunk.Pages()
		err := pages.SeekToRow(first)
		if err == nil {
			err = readPages(pages, c.kind, rows, each)
		}
		return errors.Join(err, pages.Close())
	}
	return g, nil
}

// bound turns a minimum or maximum into ours. The library keeps its bytes.
func bound(v parquet.Value, kind kind) *value {
	ours := parquetGoValue(v, kind)
	return &ours
}

// onlyDictionary tells whether all data pages of a chunk are known to be indexes into its dictionary.
func onlyDictionary(pages []format.PageEncodingStats) bool {
	found := false
	for _, page := range pages {
		if page.PageType == format.DictionaryPage || page.Count == 0 {
			continue
		}
		if page.Encoding != format.RLEDictionary && page.Encoding != format.PlainDictionary {
			return false
		}
		found = true
	}
	return found
}
