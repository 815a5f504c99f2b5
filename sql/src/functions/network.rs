//! Addresses and networks: Trino's IPADDRESS and `contains`.
//!
//! An address is sixteen bytes, as in Trino; an IPv4 address is the IPv6 address that maps it. So they compare as
//! numbers, of either kind. No other type here has sixteen bytes, which is how an address is told from others.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, BooleanBuilder, FixedSizeBinaryBuilder, Scalar};
use arrow::compute::cast;
use arrow::compute::kernels::cmp::eq;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_datafusion_err};

use super::{Fun, Last, is_text, texts};

/// Bytes of an address.
pub const ADDRESS_BYTES: i32 = 16;

const ADDRESS: DataType = DataType::FixedSizeBinary(ADDRESS_BYTES);

/// The functions.
pub const FUNS: &[Fun] = &[
    Fun {
        name: "ip_address",
        usage: "CAST(text AS ipaddress)",
        takes: |types| of_text_or_address(types),
        gives: |_, _| Ok(ADDRESS),
        run: |columns, _| addresses(&columns[0], true),
    },
    Fun {
        name: "try_ip_address",
        usage: "TRY_CAST(text AS ipaddress)",
        takes: |types| of_text_or_address(types),
        gives: |_, _| Ok(ADDRESS),
        run: |columns, _| addresses(&columns[0], false),
    },
    Fun {
        name: "varbinary_of",
        usage: "CAST(address AS varbinary) or CAST(text AS varbinary)",
        takes: |types| match types {
            [ADDRESS] => Some(vec![ADDRESS]),
            [DataType::Binary | DataType::Null] => Some(vec![DataType::Binary]),
            [text] if is_text(text) => Some(vec![DataType::Utf8View]),
            _ => None,
        },
        gives: |_, _| Ok(DataType::Binary),
        run: |columns, _| match columns[0].as_fixed_size_binary_opt() {
            Some(addresses) => Ok(Arc::new(addresses.iter().collect::<BinaryArray>())),
            None if is_text(columns[0].data_type()) => {
                let bytes = texts(&columns[0])?.into_iter().map(|text| text.map(str::as_bytes));
                Ok(Arc::new(bytes.collect::<BinaryArray>()))
            }
            None => Ok(Arc::clone(&columns[0])),
        },
    },
    Fun {
        name: "contains",
        usage: "contains('10.0.0.0/8', CAST(srcaddr AS ipaddress)), or contains(array, value)",
        takes: |types| match types {
            [list @ (DataType::List(_) | DataType::LargeList(_)), value] => Some(vec![list.clone(), value.clone()]),
            [network, address @ (DataType::Null | ADDRESS)] if is_text(network) => {
                let address = if *address == ADDRESS { ADDRESS } else { DataType::Utf8View };
                Some(vec![DataType::Utf8View, address])
            }
            _ => None,
        },
        gives: |_, _| Ok(DataType::Boolean),
        run: |columns, _| match columns[0].data_type() {
            DataType::Utf8View => in_network(&columns[0], &columns[1]),
            _ => in_list(&columns[0], &columns[1]),
        },
    },
];

fn of_text_or_address(types: &[DataType]) -> Option<Vec<DataType>> {
    match types {
        [ADDRESS] => Some(vec![ADDRESS]),
        [DataType::Binary] => Some(vec![DataType::Binary]),
        [text] if is_text(text) => Some(vec![DataType::Utf8View]),
        _ => None,
    }
}

/// Returns an address as people write it.
pub fn shown_address(bytes: &[u8]) -> Option<String> {
    let address = Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?);
    Some(address.to_ipv4_mapped().map_or_else(|| address.to_string(), |v4| v4.to_string()))
}

fn parsed(text: &str) -> Option<u128> {
    let address = match text.parse().ok()? {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    };
    Some(address.to_bits())
}

/// Makes addresses of their sixteen bytes, or of four.
fn of_bytes(column: &BinaryArray, strict: bool) -> Result<ArrayRef> {
    let mut builder = FixedSizeBinaryBuilder::with_capacity(column.len(), ADDRESS_BYTES);
    for bytes in column {
        let v4 = bytes.and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
        let v4 = v4.map(|v4| std::net::Ipv4Addr::from(v4).to_ipv6_mapped().octets());
        let address = v4.or_else(|| bytes.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()));
        match (address, bytes) {
            (Some(address), _) => builder.append_value(address)?,
            (None, Some(bytes)) if strict => {
                return Err(exec_datafusion_err!("invalid IP address binary length: {}", bytes.len()));
            }
            _ => builder.append_null(),
        }
    }
    Ok(Arc::new(builder.finish()))
}

fn addresses(column: &ArrayRef, strict: bool) -> Result<ArrayRef> {
    if *column.data_type() == ADDRESS {
        return Ok(Arc::clone(column));
    }
    if let Some(bytes) = column.as_binary_opt::<i32>() {
        return of_bytes(bytes, strict);
    }
    let texts = texts(column)?;
    let mut builder = FixedSizeBinaryBuilder::with_capacity(texts.len(), ADDRESS_BYTES);
    for text in texts {
        let address = text.and_then(parsed);
        if let (Some(text), None, true) = (text, address, strict) {
            return Err(exec_datafusion_err!("{text:?} is no address; TRY_CAST makes NULL of it"));
        }
        match address {
            Some(address) => builder.append_value(address.to_be_bytes())?,
            None => builder.append_null(),
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// A network: its first address, and which bits count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Network {
    first: u128,
    mask: u128,
}

impl Network {
    fn parse(text: &str) -> Result<Self> {
        let parse = || {
            let (address, bits) = text.split_once('/')?;
            let address: IpAddr = address.parse().ok()?;
            let bits: u32 = bits.parse().ok()?;
            let (width, offset) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
            if bits > width {
                return None;
            }
            let mask = u128::MAX.checked_shl(128 - offset - bits).unwrap_or(0);
            let given = parsed(&address.to_string())?;
            Some((address, bits, given, Self { first: given & mask, mask }))
        };
        let (address, bits, given, network) = parse().ok_or_else(|| {
            exec_datafusion_err!("Invalid CIDR: {text:?} is no network such as '10.0.0.0/8' or 'fc00::/7'")
        })?;
        // Trino cuts what is too much off an IPv6 address, and refuses it in an IPv4 address.
        if address.is_ipv4() && network.first != given {
            let first = shown_address(&network.first.to_be_bytes()).unwrap_or_default();
            return Err(exec_datafusion_err!(
                "Invalid CIDR: {text:?} names an address within a network: write '{first}/{bits}'"
            ));
        }
        Ok(network)
    }

    fn contains(self, address: u128) -> bool {
        address & self.mask == self.first
    }
}

fn in_network(networks: &ArrayRef, addresses: &ArrayRef) -> Result<ArrayRef> {
    let networks = texts(networks)?;
    let addresses: Vec<Option<u128>> = match addresses.data_type() {
        &ADDRESS => {
            let bits = |bytes: &[u8]| <[u8; 16]>::try_from(bytes).ok().map(u128::from_be_bytes);
            addresses.as_fixed_size_binary().iter().map(|bytes| bytes.and_then(bits)).collect()
        }
        _ => texts(addresses)?.into_iter().map(|text| text.and_then(parsed)).collect(),
    };
    let mut builder = BooleanBuilder::with_capacity(addresses.len());
    let mut last = Last::new();
    for (network, address) in networks.into_iter().zip(addresses) {
        let (Some(network), Some(address)) = (network, address) else {
            builder.append_null();
            continue;
        };
        builder.append_value(last.get(network, Network::parse)?.contains(address));
    }
    Ok(Arc::new(builder.finish()))
}

fn in_list(lists: &ArrayRef, values: &ArrayRef) -> Result<ArrayRef> {
    let mut builder = BooleanBuilder::with_capacity(lists.len());
    let item = |row: usize| match lists.data_type() {
        DataType::List(_) => lists.as_list::<i32>().value(row),
        _ => lists.as_list::<i64>().value(row),
    };
    for row in 0..lists.len() {
        if lists.is_null(row) || values.is_null(row) || *values.data_type() == DataType::Null {
            builder.append_null();
            continue;
        }
        let items = item(row);
        let value = cast(&values.slice(row, 1), items.data_type())?;
        let found = eq(&items, &Scalar::new(value))?;
        match found.iter().flatten().any(|equal| equal) {
            true => builder.append_value(true),
            false if items.null_count() > 0 => builder.append_null(),
            false => builder.append_value(false),
        }
    }
    Ok(Arc::new(builder.finish()))
}
