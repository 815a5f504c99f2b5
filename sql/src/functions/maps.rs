//! Maps and elements: `map(ARRAY[...], ARRAY[...])`, `m[key]`, `element_at`.
//!
//! <https://trino.io/docs/current/functions/map.html>, <https://trino.io/docs/current/functions/array.html>

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, MapArray, StructArray, UInt32Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Fields, Int64Type};
use arrow::row::{Row, RowConverter, SortField};
use datafusion::common::{Result, exec_datafusion_err};

use super::{Fun, is_number};
use crate::answer::value;
use crate::types::Kind;

/// Functions whose first argument is one for all rows if it is a constant.
pub const LOOKUPS: [&str; 2] = ["subscript", "element_at"];

/// The functions.
pub const FUNS: &[Fun] = &[
    // What crate::among makes of a subquery that is tied to the row.
    Fun {
        name: "only_element",
        usage: "a subquery that gives one row",
        takes: |types| matches!(types, [DataType::List(_)]).then(|| types.to_vec()),
        gives: |types, _| match types {
            [DataType::List(of)] => Ok(of.data_type().clone()),
            _ => Err(exec_datafusion_err!("this is no array")),
        },
        run: |columns, _| {
            let lists = columns[0].as_list::<i32>();
            let place = |row: usize| match lists.is_valid(row).then(|| lists.value_length(row)) {
                None | Some(0) => Ok(None),
                Some(1) => Ok(u32::try_from(lists.value_offsets()[row]).ok()),
                Some(_) => Err(exec_datafusion_err!("a subquery gives several rows where one value is wanted")),
            };
            let places = (0..lists.len()).map(place).collect::<Result<UInt32Array>>()?;
            Ok(take(lists.values(), &places, None)?)
        },
    },
    Fun {
        // Not `map`, of which the planner makes other maps too.
        name: "map_of",
        usage: "map(ARRAY[key, ...], ARRAY[value, ...])",
        takes: |types| match types {
            [] | [DataType::List(_), DataType::List(_)] => Some(types.to_vec()),
            // Of no arrays there is no map.
            [DataType::List(_) | DataType::Null, DataType::List(_) | DataType::Null] => {
                let none = DataType::new_list(DataType::Null, true);
                Some(types.iter().map(|of| if of.is_null() { none.clone() } else { of.clone() }).collect())
            }
            _ => None,
        },
        gives: |types, _| match types {
            [DataType::List(keys), DataType::List(values)] => Ok(map_type(keys.data_type(), values.data_type())),
            _ => Ok(map_type(&DataType::Null, &DataType::Null)),
        },
        run: |columns, gives| match columns {
            [keys, values] => mapped(keys, values, gives),
            _ => map_array(gives, vec![0, 0], (ArrayRef::from(empty()), ArrayRef::from(empty())), None),
        },
    },
    // What `array[1]` and `map['key']` are written as.
    Fun {
        name: "subscript",
        usage: "array[1] or map['key']",
        takes: of_elements,
        gives: |types, _| Ok(element_type(&types[0])),
        run: |columns, _| elements(columns, true),
    },
    Fun {
        name: "element_at",
        usage: "element_at(array, 1) or element_at(map, key)",
        takes: of_elements,
        gives: |types, _| Ok(element_type(&types[0])),
        run: |columns, _| elements(columns, false),
    },
];

fn empty() -> Box<dyn Array> {
    Box::new(arrow::array::NullArray::new(0))
}

/// Returns the type of a map.
pub fn map_type(key: &DataType, value: &DataType) -> DataType {
    let parts = Fields::from(vec![Field::new("key", key.clone(), false), Field::new("value", value.clone(), true)]);
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(parts), false)), false)
}

/// Returns the types of keys and values of a map.
pub fn parts_of(data_type: &DataType) -> Option<(&DataType, &DataType)> {
    let DataType::Map(entries, _) = data_type else { return None };
    match entries.data_type() {
        DataType::Struct(parts) => Some((parts.first()?.data_type(), parts.get(1)?.data_type())),
        _ => None,
    }
}

/// Returns maps of keys and values that stand one behind the other.
pub fn map_array(
    data_type: &DataType,
    offsets: Vec<i32>,
    (keys, values): (ArrayRef, ArrayRef),
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let wrong = || exec_datafusion_err!("{data_type} is no map");
    let DataType::Map(field, _) = data_type else { return Err(wrong()) };
    let DataType::Struct(parts) = field.data_type() else { return Err(wrong()) };
    // A field of NULLs may hold one; keys are looked at by whoever calls.
    let entries = StructArray::try_new(parts.clone(), vec![keys, values], None)?;
    Ok(Arc::new(MapArray::try_new(Arc::clone(field), OffsetBuffer::new(offsets.into()), entries, nulls, false)?))
}

fn place(at: usize) -> Result<u32> {
    u32::try_from(at).map_err(|_| exec_datafusion_err!("a map has too many entries"))
}

fn mapped(keys: &ArrayRef, values: &ArrayRef, gives: &DataType) -> Result<ArrayRef> {
    let (keys, values) = (keys.as_list::<i32>(), values.as_list::<i32>());
    let (mut key_places, mut value_places, mut offsets) = (Vec::new(), Vec::new(), vec![0_i32]);
    for row in 0..keys.len() {
        if keys.is_valid(row) && values.is_valid(row) {
            let range = |offsets: &[i32]| offsets[row] as usize..offsets[row + 1] as usize;
            let (of_keys, of_values) = (range(keys.value_offsets()), range(values.value_offsets()));
            if of_keys.len() != of_values.len() {
                return Err(exec_datafusion_err!("key and value arrays must be the same length"));
            }
            for (key, value) in of_keys.zip(of_values) {
                key_places.push(place(key)?);
                value_places.push(place(value)?);
            }
        }
        offsets.push(i32::try_from(key_places.len()).map_err(|_| exec_datafusion_err!("maps have too many entries"))?);
    }
    let taken = take(keys.values(), &UInt32Array::from(key_places), None)?;
    if taken.null_count() > 0 {
        return Err(exec_datafusion_err!("map key cannot be null"));
    }
    let converter = RowConverter::new(vec![SortField::new(taken.data_type().clone())])?;
    let rows = converter.convert_columns(&[Arc::clone(&taken)])?;
    for pair in offsets.windows(2) {
        let mut seen = HashSet::new();
        for at in pair[0] as usize..pair[1] as usize {
            if !seen.insert(rows.row(at)) {
                return Err(exec_datafusion_err!("duplicate map keys ({}) are not allowed", value(&taken, at)?));
            }
        }
    }
    let values_taken = take(values.values(), &UInt32Array::from(value_places), None)?;
    map_array(gives, offsets, (taken, values_taken), NullBuffer::union(keys.nulls(), values.nulls()))
}

fn of_elements(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        [list @ DataType::List(_), at] if is_number(at) && !at.is_floating() && !at.is_decimal() => {
            Some(vec![list.clone(), DataType::Int64])
        }
        [map @ DataType::Map(..), key] => {
            let (of, _) = parts_of(map)?;
            Kind::of(of).goes_with(Kind::of(key)).then(|| vec![map.clone(), of.clone()])
        }
        [DataType::Null, at] => Some(vec![DataType::Null, at.clone()]),
        _ => None,
    }
}

fn element_type(of: &DataType) -> DataType {
    match of {
        DataType::List(of) => of.data_type().clone(),
        other => parts_of(other).map_or(DataType::Null, |(_, value)| value.clone()),
    }
}

/// Returns an element of each array or map; one that is not there is an error or NULL.
fn elements(columns: &[ArrayRef], strict: bool) -> Result<ArrayRef> {
    match columns[0].data_type() {
        DataType::List(_) => {
            let (lists, places) = (columns[0].as_list::<i32>(), columns[1].as_primitive::<Int64Type>());
            let offsets = lists.value_offsets();
            let found = (0..places.len()).map(|row| {
                let of = if lists.len() == 1 { 0 } else { row };
                if lists.is_null(of) || places.is_null(row) {
                    return Ok(None);
                }
                let length = i64::from(offsets[of + 1] - offsets[of]);
                let at = place_in(places.value(row), length, strict)?;
                at.map(|at| place(offsets[of] as usize + at)).transpose()
            });
            Ok(take(lists.values(), &found.collect::<Result<UInt32Array>>()?, None)?)
        }
        DataType::Map(..) => {
            let maps = columns[0].as_map();
            Ok(take(maps.values(), &places_of(maps, &columns[1], strict)?, None)?)
        }
        _ => Ok(arrow::array::new_null_array(&DataType::Null, columns[1].len())),
    }
}

/// Returns where an element of an array stands, from 0 on: places count from 1, or from the end if they are negative.
fn place_in(at: i64, length: i64, strict: bool) -> Result<Option<usize>> {
    let found = match at {
        0 => return Err(exec_datafusion_err!("SQL array indices start at 1")),
        at if at < 0 && strict => return Err(exec_datafusion_err!("array subscript is negative: {at}")),
        at if at < 0 => length.checked_add(at),
        at => Some(at - 1),
    };
    let found = found.filter(|found| (0..length).contains(found)).and_then(|found| usize::try_from(found).ok());
    match found {
        None if strict => {
            Err(exec_datafusion_err!("array subscript must be less than or equal to array length: {at} > {length}"))
        }
        found => Ok(found),
    }
}

/// Returns where the entries with these keys stand.
fn places_of(maps: &MapArray, keys: &ArrayRef, strict: bool) -> Result<UInt32Array> {
    let converter = RowConverter::new(vec![SortField::new(keys.data_type().clone())])?;
    let (all, wanted) =
        (converter.convert_columns(&[Arc::clone(maps.keys())])?, converter.convert_columns(&[Arc::clone(keys)])?);
    let offsets = maps.value_offsets();
    let entries = |of: usize| offsets[of] as usize..offsets[of + 1] as usize;
    let one: Option<HashMap<Row<'_>, usize>> =
        (maps.len() == 1 && maps.is_valid(0)).then(|| entries(0).map(|at| (all.row(at), at)).collect());
    let found = (0..keys.len()).map(|row| {
        let of = if maps.len() == 1 { 0 } else { row };
        if maps.is_null(of) || keys.is_null(row) {
            return Ok(None);
        }
        let entry = match &one {
            Some(one) => one.get(&wanted.row(row)).copied(),
            None => entries(of).find(|at| all.row(*at) == wanted.row(row)),
        };
        match entry {
            None if strict => Err(exec_datafusion_err!("key not present in map: {}", value(keys, row)?)),
            entry => entry.map(place).transpose(),
        }
    });
    found.collect()
}
