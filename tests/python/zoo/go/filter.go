// What both libraries share about filters: which values match, and which row groups and pages cannot hold a match.
//
// Neither library prunes by itself: both hand out statistics, column index, dictionary and Bloom filter, and their
// users write what follows here. So each of these is a setting of its own: a count that differs from "off" names the
// part of the file that lied.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
)

// filter is one comparison of a column with a constant.
type filter struct {
	column column
	op     string
	value  value
}

func newFilter(asked jobFilter, c column) (filter, error) {
	f := filter{column: c, op: asked.Op, value: value{kind: c.kind, null: true}}
	switch asked.Op {
	case "is null", "is not null":
		return f, nil
	case "=", "<", "<=", ">", ">=":
	default:
		return f, fmt.Errorf("no such operator: %q", asked.Op)
	}
	f.value.null = false
	var err error
	if c.kind == kindString {
		var text string
		err = json.Unmarshal(asked.Value, &text)
		f.value.text = []byte(text)
	} else {
		// By way of a float, the extremes of int64 would lose their last digits.
		f.value.number, err = strconv.ParseInt(string(asked.Value), 10, 64)
	}
	if err != nil {
		return f, fmt.Errorf("value of the filter on %q: %w", c.name, err)
	}
	return f, nil
}

// compare orders values as Parquet does: numbers with their sign, strings by their bytes.
func compare(a, b value) int {
	if a.kind == kindString {
		return bytes.Compare(a.text, b.text)
	}
	return cmp.Compare(a.number, b.number)
}

// matches tells whether a row with this value is to be counted.
func (f *filter) matches(v value) bool {
	if f.op == "is null" || f.op == "is not null" {
		return v.null == (f.op == "is null")
	}
	return !v.null && f.mayMatch(v, v)
}

// mayMatch tells whether a value between `least` and `most` can match. Bounds of long strings may be cut.
func (f *filter) mayMatch(least, most value) bool {
	switch f.op {
	case "=":
		return compare(least, f.value) <= 0 && compare(f.value, most) <= 0
	case "<":
		return compare(least, f.value) < 0
	case "<=":
		return compare(least, f.value) <= 0
	case ">":
		return compare(most, f.value) > 0
	default:
		return compare(most, f.value) >= 0
	}
}

// known is what a file says about a run of rows in one column.
type known struct {
	first, rows int64
	least, most *value // nil: not said
	nulls       int64  // -1: not said
	onlyNulls   bool
}

// mayHold tells whether a match can lie in these rows, by what the file says about them.
func (k *known) mayHold(f *filter) bool {
	onlyNulls := k.onlyNulls || k.nulls == k.rows
	switch {
	case f.op == "is null":
		return k.nulls != 0 || onlyNulls
	case onlyNulls:
		return false
	case f.op == "is not null" || k.least == nil || k.most == nil:
		return true
	default:
		return f.mayMatch(*k.least, *k.most)
	}
}

// rowGroup is one column of a row group. What is nil, the file does not have or the library does not hand out.
type rowGroup struct {
	whole      known
	asGiven    *known // nil: the same as `whole`, which has been made safe
	pages      []known
	bloom      func(v value) (bool, error)
	dictionary func() ([]value, error)
	// read gives the values of the rows from `first` on. Libraries jump to them by the offset index.
	read func(first, rows int64, each func(v value)) error
}

// use says which parts of a file decide what is not read.
type use struct{ statistics, asGiven, pageIndex, bloom, dictionary bool }

var settings = map[string]use{
	"on":         {statistics: true, pageIndex: true, bloom: true, dictionary: true},
	"statistics": {statistics: true},
	"page-index": {pageIndex: true},
	"bloom":      {bloom: true},
	"dictionary": {dictionary: true},
}

// toRead gives the runs of rows of a row group in which the filter can match.
func (g *rowGroup) toRead(f *filter, by use) ([]known, error) {
	if g.whole.rows == 0 || by.statistics && !g.whole.mayHold(f) {
		return nil, nil
	}
	if by.asGiven && g.asGiven != nil && !g.asGiven.mayHold(f) {
		return nil, nil
	}
	if by.bloom && g.bloom != nil && f.op == "=" {
		if found, err := g.bloom(f.value); err != nil || !found {
			return nil, err
		}
	}
	if by.dictionary && g.dictionary != nil && !f.value.null {
		entries, err := g.dictionary()
		if err != nil {
			return nil, err
		}
		found := false
		for _, entry := range entries {
			found = found || f.matches(entry)
		}
		if !found {
			return nil, nil
		}
	}
	if !by.pageIndex || g.pages == nil {
		return []known{g.whole}, nil
	}
	var left []known
	for _, page := range g.pages {
		if !page.mayHold(f) {
			continue
		}
		if n := len(left); n > 0 && left[n-1].first+left[n-1].rows == page.first {
			left[n-1].rows += page.rows
		} else {
			left = append(left, known{first: page.first, rows: page.rows})
		}
	}
	return left, nil
}

// countMatches answers every filter under every setting.
func countMatches(f opened, filters []filter, result *answer) error {
	off := make([]int64, len(filters))
	result.Filters["off"] = off
	var columns []column
	asked := map[int][]int{} // column of the file -> its filters
	for i, filter := range filters {
		if asked[filter.column.index] == nil {
			columns = append(columns, filter.column)
		}
		asked[filter.column.index] = append(asked[filter.column.index], i)
	}
	err := f.off(columns, func(c int, v value) {
		for _, i := range asked[columns[c].index] {
			if filters[i].matches(v) {
				off[i]++
			}
		}
	})
	if err != nil {
		return fmt.Errorf("without pruning: %w", err)
	}

	for name := range settings {
		result.Filters[name] = make([]int64, len(filters))
	}
	for _, c := range columns {
		groups, err := f.rowGroups(c)
		if err != nil {
			return fmt.Errorf("what the file says about column %q: %w", c.name, err)
		}
		for _, i := range asked[c.index] {
			for name, by := range settings {
				for _, group := range groups {
					runs, err := group.toRead(&filters[i], by)
					if err != nil {
						return fmt.Errorf("setting %q, column %q: %w", name, c.name, err)
					}
					for _, run := range runs {
						err := group.read(run.first, run.rows, func(v value) {
							if filters[i].matches(v) {
								result.Filters[name][i]++
							}
						})
						if err != nil {
							return fmt.Errorf("setting %q, column %q: %w", name, c.name, err)
						}
					}
				}
			}
		}
	}
	return nil
}
