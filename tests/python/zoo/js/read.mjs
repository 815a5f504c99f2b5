// Reads the Parquet files of a job by a JavaScript library and prints one answer a line:
//
//   node read.mjs hyparquet|parquet-wasm job.json
//
// Numbers in the job and sums in the answers are strings here, since JSON.parse would round an int64; the Python side
// (../javascript.py) turns them. A file that cannot be read is an error in its answer and stops nothing else.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetReadObjects, parquetScan, parquetSchema }
  from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { tableFromIPC, Type } from 'apache-arrow'
import { ParquetFile, readParquet } from 'parquet-wasm'

/** How often each value of a column occurs: a Map of value -> rows. NULL is the key null. */
class Tally extends Map {
  add(value) {
    this.set(value ?? null, (this.get(value ?? null) ?? 0) + 1)
  }

  get rows() {
    let rows = 0
    for (const n of this.values()) rows += n
    return rows
  }

  /** The checksum that does not depend on the order of rows, and the number of NULLs. */
  checksum() {
    let sum = 0n
    for (const [value, rows] of this) {
      if (value === null) continue
      const digest = createHash('md5').update(String(value), 'utf8').digest()
      sum += BigInt(digest.readUInt32BE(0)) * BigInt(rows)
    }
    return { nulls: this.get(null) ?? 0, sum: String(sum) }
  }

  count(filter) {
    let rows = 0
    for (const [value, n] of this) if (matches(filter, value)) rows += n
    return rows
  }
}

/** Whether a value is to be counted. Strings are compared by their bytes, which is not JavaScript's own order. */
function matches({ op, value: constant }, value) {
  if (op === 'is null') return value === null
  if (value === null || op === 'is not null') return value !== null
  if (op === '=') return value === constant
  const order = typeof value === 'string'
    ? Buffer.compare(Buffer.from(value), Buffer.from(constant))
    : value < constant ? -1 : value > constant ? 1 : 0
  switch (op) {
    case '<': return order < 0
    case '<=': return order <= 0
    case '>': return order > 0
    case '>=': return order >= 0
  }
  throw new Error(`no such operator: ${op}`)
}

/** Checks the names and types that a library sees against those of the job. `found` is a list of [name, type]. */
function checkSchema(found, expected) {
  for (const [name, type] of found) {
    if (expected[name] === type) continue
    throw new Error(`column ${name} is of type ${type} here, the job says ${expected[name]}`)
  }
}

/** Puts the checksums of the columns into the answer. `tallies` is a list of [name, Tally]. */
function fillColumns(answer, tallies) {
  answer.rows = tallies[0][1].rows
  for (const [name, tally] of tallies) {
    if (tally.rows !== answer.rows) {
      throw new Error(`column ${name} has ${tally.rows} values, column ${tallies[0][0]} ${answer.rows}`)
    }
    answer.columns[name] = tally.checksum()
  }
}

// ---- hyparquet ----

/** Strict: text that is not UTF-8 is an error. A TextDecoder of its own accord drops a byte order mark. */
const strictly = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const keepingMark = new TextDecoder('utf-8', { ignoreBOM: true })

const hyparquetTypes = { BYTE_ARRAY: 'string', INT32: 'int32', INT64: 'int64' }
const hyparquetOps = { '=': '$eq', '<': '$lt', '<=': '$lte', '>': '$gt', '>=': '$gte' }

/**
 * "on", "statistics", "page-index" and "bloom" are the library's own filter with more or less of the file's indexes;
 * "scan" lets it choose the ranges of rows only. It has no way to ignore the statistics of row groups but no filter.
 */
const hyparquetSettings = {
  on: { useBloomFilters: true, usePageIndex: true, useOffsetIndex: true },
  statistics: {},
  'page-index': { usePageIndex: true },
  bloom: { useBloomFilters: true },
}

async function hyparquet(job, answer) {
  const file = await asyncBufferFromFile(job.path)
  const exact = { compressors, parsers: { stringFromBytes: bytes => bytes && strictly.decode(bytes) } }
  const usual = { compressors, parsers: { stringFromBytes: bytes => bytes && keepingMark.decode(bytes) } }
  const metadata = await parquetMetadataAsync(file, usual)
  const leaves = parquetSchema(metadata).children
  checkSchema(leaves.map(({ element }) => [element.name, hyparquetTypes[element.type]]), job.columns)

  const tallies = new Map(leaves.map(({ element }) => [element.name, new Tally()]))
  await parquetRead({
    ...exact, file, metadata,
    onChunk({ columnName, columnData }) {
      const tally = tallies.get(columnName)
      for (const value of columnData) tally.add(value)
    },
  })
  fillColumns(answer, [...tallies])
  if (BigInt(answer.rows) !== metadata.num_rows) {
    throw new Error(`${answer.rows} rows, the footer says ${metadata.num_rows}`)
  }

  // The many reads of the filters are from memory: a stream for each would take most of the time.
  const bytes = readFileSync(job.path)
  const memory = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  answer.filters.off = job.filters.map(filter => tallies.get(filter.column).count(filter))
  for (const [name, options] of Object.entries(hyparquetSettings)) {
    answer.filters[name] = []
    for (const filter of job.filters) {
      answer.filters[name].push(await hyparquetCount({ ...usual, ...options, file: memory, metadata }, filter))
    }
  }
  answer.filters.scan = []
  for (const filter of job.filters) {
    const options = { ...usual, ...hyparquetSettings.on, file: memory, metadata }
    answer.filters.scan.push(await hyparquetScan(options, filter))
  }
}

/** The condition in the library's words. */
function hyparquetCondition({ op, value }) {
  if (op === 'is null') return { $eq: null }
  if (op === 'is not null') return { $ne: null }
  return { [hyparquetOps[op]]: value }
}

/** Rows that the library's own filter gives. */
async function hyparquetCount(options, filter) {
  // Over strings the library's < and > go by UTF-16 units: another order than that of the bytes from U+E000 on.
  // It is told to prune only, then.
  if (typeof filter.value === 'string' && filter.op !== '=') return hyparquetScan(options, filter)
  const rows = await parquetReadObjects({
    ...options, columns: [filter.column], filter: { [filter.column]: hyparquetCondition(filter) },
  })
  return rows.length
}

/** Rows that match in the ranges that the library would read. */
async function hyparquetScan(options, filter) {
  const scan = await parquetScan({
    ...options, columns: [filter.column], pruningFilter: { [filter.column]: hyparquetCondition(filter) },
  })
  const found = new Tally()
  for (const range of scan.ranges) {
    const values = await scan.readColumn({ column: filter.column, ...range })
    if (values.length !== range.rowEnd - range.rowStart) {
      throw new Error(`${values.length} values for rows ${range.rowStart} to ${range.rowEnd}`)
    }
    for (const value of values) found.add(value)
  }
  return found.count(filter)
}

// ---- parquet-wasm ----

/**
 * The library has no filters. "off" counts in the file read as a whole, "row-groups" reads each row group by itself
 * and only the columns of the filters; by ParquetFile, since readParquet does not heed `columns`.
 */
async function parquetWasm(job, answer) {
  const bytes = readFileSync(job.path)
  const whole = tally(readParquet(bytes))
  checkSchema(whole.map(([name, , type]) => [name, type]), job.columns)
  fillColumns(answer, whole)

  const file = await ParquetFile.fromFile(new Blob([bytes]))
  const columns = [...new Set(job.filters.map(filter => filter.column))]
  const parts = new Map(columns.map(column => [column, []]))
  for (let group = 0; columns.length && group < file.metadata().numRowGroups(); group++) {
    const found = tally(await file.read({ columns, rowGroups: [group] }))
    if (found.length !== columns.length) throw new Error(`asked for ${columns.length} columns, given ${found.length}`)
    for (const [name, part] of found) parts.get(name).push(part)
  }
  file.free()

  const count = (filter, tallies) => tallies.reduce((rows, part) => rows + part.count(filter), 0)
  const all = new Map(whole)
  answer.filters.off = job.filters.map(filter => count(filter, [all.get(filter.column)]))
  answer.filters['row-groups'] = job.filters.map(filter => count(filter, parts.get(filter.column)))
}

/** The columns of an Arrow table as [name, Tally, type]. */
function tally(wasmTable) {
  const table = tableFromIPC(wasmTable.intoIPCStream())
  return table.schema.fields.map((field, i) => {
    const found = new Tally()
    const column = table.getChildAt(i)
    // Strings by their bytes: the library's own decoder drops a byte order mark.
    if (field.type.typeId === Type.Utf8 || field.type.typeId === Type.LargeUtf8) {
      for (const data of column.data) {
        for (let row = 0; row < data.length; row++) {
          const [start, end] = [Number(data.valueOffsets[row]), Number(data.valueOffsets[row + 1])]
          found.add(data.getValid(row) ? strictly.decode(data.values.subarray(start, end)) : null)
        }
      }
      return [field.name, found, 'string']
    }
    for (const value of column) found.add(value)
    return [field.name, found, { Int32: 'int32', Int64: 'int64' }[String(field.type)] ?? String(field.type)]
  })
}

// ---- the job ----

const readers = { hyparquet, 'parquet-wasm': parquetWasm }
const [, , library, path] = process.argv
for (const job of JSON.parse(readFileSync(path, 'utf8')).files) {
  const types = { string: value => value, int32: Number, int64: BigInt }
  for (const filter of job.filters) {
    if (filter.value !== undefined) filter.value = types[job.columns[filter.column]](filter.value)
  }
  const answer = { path: job.path, rows: 0, columns: {}, filters: {}, error: null }
  try {
    await readers[library](job, answer)
  } catch (error) {
    answer.error = String(error)
  }
  console.log(JSON.stringify(answer))
}
