//! Functions of the engine that make much of little: a call with a number may ask for gigabytes, of which its bound of memory
//! knows nothing. Each is asked first how many bytes its answer would have.
//!
//! In: functions of DataFusion by their names. Out: the same ones, which refuse what does not fit.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Date64Type, Int64Type, IntervalMonthDayNanoType, IntervalUnit, TimeUnit};
use datafusion::common::{DataFusionError, Result, exec_datafusion_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature};

use super::texts;

/// The functions, and how many bytes a row of their answer has.
const FUNS: [(&str, RowBytes); 8] = [
    ("repeat", |args, row| args[0].text_bytes(row) * args[1].number(row).max(0)),
    ("lpad", padded),
    ("rpad", padded),
    ("replace", |args, row| {
        let (text, from, to) = (args[0].text_bytes(row), args[1].text_bytes(row), args[2].text_bytes(row));
        text + (text / from.max(1) + 1) * to
    }),
    ("array_repeat", |args, row| args[0].mean_bytes() * args[1].number(row).max(0)),
    ("array_resize", |args, row| ELEMENT_BYTES * args[1].number(row).max(0)),
    ("generate_series", |args, row| ELEMENT_BYTES * steps(args, row)),
    ("range", |args, row| ELEMENT_BYTES * steps(args, row)),
];

/// Bytes of an element of a list: a number, or where a text is.
const ELEMENT_BYTES: i128 = 16;

/// Bytes of a character at most.
const CHARACTER_BYTES: i128 = 4;

/// Elements of a sequence at most (<https://trino.io/docs/current/functions/array.html>).
const MAX_ENTRIES: i128 = 10_000;

const NANOS_A_DAY: i128 = 86_400_000_000_000;

/// Days of the shortest month: a step of months has as many at least.
const DAYS_A_MONTH: i128 = 28;

type RowBytes = fn(&[Argument], usize) -> i128;

/// Returns those of `known` that are here, with a bound for the answer of a call, for a batch of rows.
pub fn bounded(known: impl Fn(&str) -> Option<Arc<ScalarUDF>>, limit_bytes: u64) -> Vec<ScalarUDF> {
    let found = FUNS.iter().filter_map(|(name, bytes)| Some((known(name)?, *bytes)));
    found.map(|(inner, bytes)| ScalarUDF::new_from_impl(Bounded { inner, bytes, limit_bytes })).collect()
}

struct Bounded {
    inner: Arc<ScalarUDF>,
    bytes: RowBytes,
    limit_bytes: u64,
}

impl std::fmt::Debug for Bounded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.inner.name())
    }
}

impl PartialEq for Bounded {
    fn eq(&self, other: &Self) -> bool {
        self.inner.name() == other.inner.name()
    }
}

impl Eq for Bounded {}

impl Hash for Bounded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.name().hash(state);
    }
}

// All that these functions do not leave as it is in the engine.
impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        self.inner.inner().coerce_types(types)
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.inner().return_type(types)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arguments = args.args.iter().map(Argument::of).collect::<Result<Vec<_>>>()?;
        let rows = if arguments.iter().all(|argument| argument.constant) { 1 } else { args.number_rows };
        if matches!(self.inner.name(), "lpad" | "rpad") {
            filling(&arguments, rows)?;
        }
        let mut bytes = 0_i128;
        for row in 0..rows {
            if matches!(self.inner.name(), "generate_series" | "range") && steps(&arguments, row) > MAX_ENTRIES {
                return Err(exec_datafusion_err!("sequence gives {MAX_ENTRIES} elements at most, in Athena too"));
            }
            // Of a constant text each row has one: the engine makes a column of it.
            let given: i128 = arguments.iter().map(|argument| argument.text_bytes(row)).sum();
            bytes += given + (self.bytes)(&arguments, row);
            if bytes > i128::from(self.limit_bytes) {
                let (name, limit) = (self.inner.name(), self.limit_bytes);
                return Err(DataFusionError::ResourcesExhausted(format!(
                    "{name} would make {bytes} bytes or more at once, and there are {limit} for that"
                )));
            }
        }
        self.inner.invoke_with_args(args)
    }
}

fn padded(args: &[Argument], row: usize) -> i128 {
    args[0].text_bytes(row) + CHARACTER_BYTES * args[1].number(row).max(0)
}

/// Checks that there is something to fill with, and a length, as Trino does.
fn filling(args: &[Argument], rows: usize) -> Result<()> {
    let there = |row: usize| args.iter().all(|arg| arg.values.is_valid(arg.at(row)));
    for row in (0..rows).filter(|row| there(*row)) {
        if args.get(2).is_some_and(|filling| filling.text_bytes(row) == 0) {
            return Err(exec_datafusion_err!("the text to fill with must not be empty: write ' '"));
        }
        if args[1].number(row) < 0 {
            return Err(exec_datafusion_err!("a text has no length of {}: write 0 or more", args[1].number(row)));
        }
    }
    Ok(())
}

/// Returns how many values lie between two, one step from each other; of one argument alone, from 0 to it.
fn steps(args: &[Argument], row: usize) -> i128 {
    let (start, stop) = match args {
        [stop] => (0, stop.number(row)),
        [start, stop, ..] => (start.number(row), stop.number(row)),
        [] => return 0,
    };
    match args.get(2).map_or(1, |step| step.number(row)) {
        // An error, but of an interval whose months and days cancel each other out: then it has no end.
        0 => {
            if args.get(2).is_some_and(Argument::is_interval) {
                i128::from(u64::MAX)
            } else {
                0
            }
        }
        step => ((stop - start) / step + 1).max(0),
    }
}

/// The values of an argument, one of each row, or one for all.
struct Argument {
    values: ArrayRef,
    constant: bool,
    /// Bytes of texts; empty of others.
    text_bytes: Vec<i128>,
    /// Numbers, and times in nanoseconds; empty of others.
    numbers: Vec<i128>,
}

impl Argument {
    fn of(given: &ColumnarValue) -> Result<Self> {
        let constant = matches!(given, ColumnarValue::Scalar(_));
        let values = given.to_array(1)?;
        let (mut text_bytes, mut numbers) = (Vec::new(), Vec::new());
        match values.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                text_bytes = texts(&values)?.into_iter().map(|text| text.map_or(0, str::len) as i128).collect();
            }
            _ => numbers = numbers_of(&values)?,
        }
        Ok(Self { values, constant, text_bytes, numbers })
    }

    fn at(&self, row: usize) -> usize {
        if self.constant { 0 } else { row }
    }

    fn text_bytes(&self, row: usize) -> i128 {
        self.text_bytes.get(self.at(row)).copied().unwrap_or_default()
    }

    fn number(&self, row: usize) -> i128 {
        self.numbers.get(self.at(row)).copied().unwrap_or_default()
    }

    /// Returns the bytes of a value, on average.
    fn mean_bytes(&self) -> i128 {
        let bytes = self.values.to_data().get_slice_memory_size().unwrap_or_default();
        (bytes / self.values.len().max(1)) as i128 + ELEMENT_BYTES
    }

    fn is_interval(&self) -> bool {
        matches!(self.values.data_type(), DataType::Interval(_))
    }
}

/// Returns whole numbers as they are and times in nanoseconds, NULL as 0; nothing of what is neither.
fn numbers_of(values: &ArrayRef) -> Result<Vec<i128>> {
    fn each<T>(values: impl Iterator<Item = Option<T>>, number: impl Fn(T) -> i128) -> Vec<i128> {
        values.map(|value| value.map_or(0, &number)).collect()
    }
    Ok(match values.data_type() {
        DataType::Date32 => each(values.as_primitive::<Date32Type>().iter(), |days| i128::from(days) * NANOS_A_DAY),
        DataType::Date64 => each(values.as_primitive::<Date64Type>().iter(), |millis| i128::from(millis) * 1_000_000),
        DataType::Timestamp(unit, _) => {
            let nanos = match unit {
                TimeUnit::Second => 1_000_000_000,
                TimeUnit::Millisecond => 1_000_000,
                TimeUnit::Microsecond => 1_000,
                TimeUnit::Nanosecond => 1,
            };
            let ticks = cast(values, &DataType::Int64)?;
            each(ticks.as_primitive::<Int64Type>().iter(), |ticks| i128::from(ticks) * nanos)
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            each(values.as_primitive::<IntervalMonthDayNanoType>().iter(), |step| {
                let days = i128::from(step.months) * DAYS_A_MONTH + i128::from(step.days);
                days * NANOS_A_DAY + i128::from(step.nanoseconds)
            })
        }
        other if other.is_integer() => {
            let whole = cast(values, &DataType::Int64)?;
            each(whole.as_primitive::<Int64Type>().iter(), i128::from)
        }
        _ => Vec::new(),
    })
}
