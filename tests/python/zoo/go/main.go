// Reads the Parquet files of a job by a Go library and prints one answer a line:
//
//	go build -tags parquetgo -o parquet-go && ./parquet-go job.json
//	go build -tags arrowgo -o arrow-go && ./arrow-go job.json
//
// Two programs, since the one library is built in seconds and the other is not. This file has what they share: the
// job, the answer and the checksum of a column. A file that cannot be read is an error in its answer and stops
// nothing else.
package main

import (
	"bufio"
	"crypto/md5"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
)

// job is what the core asks: files, and what to look for in each.
type job struct {
	Files []jobFile `json:"files"`
}

type jobFile struct {
	Path    string            `json:"path"`
	Columns map[string]string `json:"columns"`
	Filters []jobFilter       `json:"filters"`
}

type jobFilter struct {
	Column string          `json:"column"`
	Op     string          `json:"op"`
	Value  json.RawMessage `json:"value"`
}

// answer is what a library found in one file.
type answer struct {
	Path    string             `json:"path"`
	Rows    int64              `json:"rows"`
	Columns map[string]*sum    `json:"columns"`
	Filters map[string][]int64 `json:"filters"`
	Error   *string            `json:"error"`
}

// sum is the checksum of a column. It does not depend on the order of the rows.
type sum struct {
	Nulls int64  `json:"nulls"`
	Sum   uint64 `json:"sum"`
	rows  int64
}

// add takes one more value into the checksum.
func (s *sum) add(v value) {
	s.rows++
	if v.null {
		s.Nulls++
		return
	}
	text := v.text
	if v.kind != kindString {
		var buffer [20]byte
		text = strconv.AppendInt(buffer[:0], v.number, 10)
	}
	digest := md5.Sum(text)
	s.Sum += uint64(binary.BigEndian.Uint32(digest[:4]))
}

type kind int

const (
	kindString kind = iota
	kindInt32
	kindInt64
)

// value is one value of any of the three types that a file may hold. `text` is only good until the next one is read.
type value struct {
	kind   kind
	null   bool
	number int64
	text   []byte
}

// opened is a file that a library has opened. `open` is in the file of the library.
type opened interface {
	// columns gives the names and types in the order of the file's schema.
	columns() ([]column, error)
	// scan reads the columns, the way that most users of the library do, and gives every value to `each`.
	scan(columns []column, each func(column int, v value)) error
	// rowGroups gives what the library knows about one column in each row group, for pruning.
	rowGroups(c column) ([]rowGroup, error)
	// off reads the columns of `columns` by another way than `scan` and calls `each` with every value.
	off(columns []column, each func(column int, v value)) error
	close() error
}

type column struct {
	name  string
	kind  kind
	index int
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage:", os.Args[0], "JOB")
		os.Exit(2)
	}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var job job
	if err := json.Unmarshal(text, &job); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	out := bufio.NewWriter(os.Stdout)
	for _, file := range job.Files {
		line, err := json.Marshal(read(file))
		if err != nil {
			panic(err)
		}
		out.Write(append(line, '\n'))
		out.Flush()
	}
}

// read answers for one file. Libraries panic over files that they did not expect, so a panic is an error too.
func read(file jobFile) (result answer) {
	result = answer{Path: file.Path, Columns: map[string]*sum{}, Filters: map[string][]int64{}}
	fail := func(cause any) {
		text := fmt.Sprint(cause)
		result.Error = &text
	}
	defer func() {
		if cause := recover(); cause != nil {
			fail(fmt.Sprintf("panic: %v", cause))
		}
	}()
	f, err := open(file.Path)
	if err != nil {
		fail(err)
		return
	}
	defer f.close()
	if err := fill(f, file, &result); err != nil {
		fail(err)
	}
	return
}

// fill reads the columns, then asks the filters under each setting.
func fill(f opened, file jobFile, result *answer) error {
	columns, err := f.columns()
	if err != nil {
		return err
	}
	byName := map[string]column{}
	sums := make([]*sum, len(columns))
	for i, c := range columns {
		byName[c.name] = c
		sums[i] = &sum{}
		result.Columns[c.name] = sums[i]
		if expected, asked := file.Columns[c.name]; !asked || expected != kindNames[c.kind] {
			return fmt.Errorf("column %q is of type %s here, the job says %q", c.name, kindNames[c.kind], expected)
		}
	}
	if err := f.scan(columns, func(i int, v value) { sums[i].add(v) }); err != nil {
		return err
	}
	for i, c := range columns {
		if i > 0 && sums[i].rows != result.Rows {
			return fmt.Errorf("column %q has %d values, column %q %d", c.name, sums[i].rows, columns[0].name, result.Rows)
		}
		result.Rows = sums[i].rows
	}

	filters := make([]filter, len(file.Filters))
	for i, asked := range file.Filters {
		c, there := byName[asked.Column]
		if !there {
			return fmt.Errorf("no column %q in the file", asked.Column)
		}
		if filters[i], err = newFilter(asked, c); err != nil {
			return err
		}
	}
	return countMatches(f, filters, result)
}

var kindNames = map[kind]string{kindString: "string", kindInt32: "int32", kindInt64: "int64"}
