//! Expressions of Athena's -> expressions of DataFusion's that mean the same, or why there is none.

use sqlparser::ast::{self, Expr, Function, Spanned, Value};

use crate::calls::{BLANKS, Refused, arguments, call, each_element, function_of, part, text};
use crate::sets::known_of;
use crate::tokens::DISTINCT_FROM;
use crate::tried::TRY;

/// Returns what stands for an expression of Athena's here, if it is not the same.
pub fn rewritten(expr: &mut Expr) -> Result<Option<Expr>, Refused> {
    if let Some(refused) = refusal(expr) {
        return Err(refused);
    }
    Ok(match expr {
        Expr::Cast { kind, expr: inner, data_type, .. } => {
            cast((**inner).clone(), data_type, matches!(kind, ast::CastKind::TryCast))
        }
        Expr::TypedString(typed) => literal(typed),
        Expr::BinaryOp { left, op: ast::BinaryOperator::Custom(name), right } => {
            let nested = |side: &Expr| Box::new(Expr::Nested(Box::new(side.clone())));
            let (left, right) = (nested(left), nested(right));
            let distinct = match DISTINCT_FROM.iter().position(|known| known == name) {
                Some(0) => Expr::IsDistinctFrom(left, right),
                Some(_) => Expr::IsNotDistinctFrom(left, right),
                None => return Ok(None),
            };
            Some(Expr::Nested(Box::new(distinct)))
        }
        Expr::AtTimeZone { timestamp, time_zone } => {
            Some(call("at_timezone", vec![(**timestamp).clone(), (**time_zone).clone()]))
        }
        // So that the types of its sides are looked at like those of other comparisons.
        Expr::Between { expr: of, negated, low, high } => Some(between(of, *negated, low, high)),
        Expr::UnaryOp { op: ast::UnaryOperator::Minus, expr: inner }
            if !matches!(**inner, Expr::Value(_) | Expr::Interval(_)) =>
        {
            Some(call("negated", vec![(**inner).clone()]))
        }
        Expr::Like { negated, any: false, expr: of, pattern, escape_char } => {
            let escape = escape_char.take();
            let pattern = escaped(pattern, escape.as_ref()).map_err(|message| (message, of.span()))?;
            Some(Expr::Like {
                negated: *negated,
                any: false,
                expr: of.clone(),
                pattern: Box::new(pattern),
                escape_char: None,
            })
        }
        // With an exponent it is a double, else a decimal.
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) if digits.contains(['e', 'E']) => Some(call("cast_double", vec![text(digits)])),
            _ => None,
        },
        Expr::Trim { expr: of, trim_where, trim_what: None, trim_characters: None } => {
            let name = match trim_where {
                Some(ast::TrimWhereField::Leading) => "ltrim",
                Some(ast::TrimWhereField::Trailing) => "rtrim",
                _ => "btrim",
            };
            Some(call(name, vec![(**of).clone(), text(BLANKS)]))
        }
        Expr::Substring { expr: of, substring_from: Some(from), substring_for, .. } => {
            let rest = substring_for.iter().map(|length| (**length).clone());
            Some(call("substr", [(**of).clone(), (**from).clone()].into_iter().chain(rest).collect()))
        }
        Expr::Extract { field, expr: inner, .. } => {
            let inner = (**inner).clone();
            match field.to_string().to_lowercase().as_str() {
                "dow" | "day_of_week" => Some(part("isodow", vec![inner])),
                "doy" | "day_of_year" => Some(part("doy", vec![inner])),
                "yow" | "year_of_week" => Some(part("isoyear", vec![inner])),
                "day_of_month" => Some(part("day", vec![inner])),
                _ => None,
            }
        }
        Expr::CompoundFieldAccess { root, access_chain } => subscripts(root, access_chain),
        Expr::AnyOp { left, compare_op: ast::BinaryOperator::Eq, right, .. } => among(left, right, false),
        Expr::AllOp { left, compare_op: ast::BinaryOperator::NotEq, right } => among(left, right, true),
        Expr::AllOp { left, compare_op, right } => quantified(left, compare_op, "all", right),
        Expr::AnyOp { left, compare_op, right, .. } => quantified(left, compare_op, "any", right),
        Expr::Function(function) => function_of(function)?,
        _ => None,
    })
}

/// Returns the least number of type bigint, which is written as what is too large for one, with a sign.
pub fn least_bigint(expr: &Expr) -> Option<Expr> {
    const DIGITS: &str = "9223372036854775808";
    let Expr::UnaryOp { op: ast::UnaryOperator::Minus, expr: inner } = expr else { return None };
    let is_it =
        matches!(&**inner, Expr::Value(value) if matches!(&value.value, Value::Number(digits, _) if digits == DIGITS));
    is_it.then(|| Expr::Cast {
        kind: ast::CastKind::Cast,
        expr: Box::new(text(&format!("-{DIGITS}"))),
        data_type: ast::DataType::BigInt(None),
        array: false,
        format: None,
    })
}

/// Returns why Athena does not take an expression, or why there is none for it here.
fn refusal(expr: &Expr) -> Option<Refused> {
    let said = |message: String, help: String| Some(((message, help), expr.span()));
    match expr {
        Expr::Cast { kind: ast::CastKind::DoubleColon, expr: inner, data_type, .. } => {
            let help = format!("write CAST({inner} AS {})", data_type.to_string().to_lowercase());
            said("Athena has no ::".to_owned(), help)
        }
        Expr::Cast { data_type, .. } if is_no_type(data_type) => {
            said(format!("there is no type {data_type} in queries").to_lowercase(), "write AS varchar".to_owned())
        }
        Expr::ILike { .. } | Expr::SimilarTo { .. } | Expr::RLike { .. } => said(
            "Athena has LIKE, and no other word of this kind".to_owned(),
            "write lower(text) LIKE 'pattern%', or regexp_like(text, 'pattern')".to_owned(),
        ),
        Expr::IsTrue(_) | Expr::IsNotTrue(_) | Expr::IsFalse(_) | Expr::IsNotFalse(_) => said(
            "Athena has no IS TRUE and IS FALSE".to_owned(),
            "write the condition itself, or coalesce(condition, false)".to_owned(),
        ),
        Expr::BinaryOp { op, left, right } => {
            let name = of_bits(op)?;
            said(format!("Athena has no operator {op}"), format!("write {name}({left}, {right})"))
        }
        Expr::Interval(interval) => {
            let unit = interval.leading_field.as_ref().map(ToString::to_string);
            let singular = unit.as_deref().is_some_and(|unit| !unit.to_lowercase().ends_with('s'));
            let quoted =
                matches!(&*interval.value, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)));
            let help = "write INTERVAL '7' DAY: the number in quotes, the unit behind it and without s".to_owned();
            if singular && quoted { None } else { said("Athena does not read this INTERVAL".to_owned(), help) }
        }
        Expr::AllOp { compare_op, right, .. } | Expr::AnyOp { compare_op, right, .. }
            if !matches!(**right, Expr::Subquery(_)) =>
        {
            let help = format!("write {compare_op} ALL (SELECT ...) or {compare_op} ANY (SELECT ...)");
            said(format!("{compare_op} ALL and {compare_op} ANY want a subquery"), help)
        }
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _)
                if digits.bytes().all(|b| b.is_ascii_digit()) && digits.parse::<i64>().is_err() =>
            {
                let help = format!("write DECIMAL '{digits}', or {digits}e0 for a double");
                said(format!("{digits} is too large for bigint"), help)
            }
            _ => None,
        },
        _ => None,
    }
}

/// Returns the function for an operator of bits.
fn of_bits(op: &ast::BinaryOperator) -> Option<&'static str> {
    Some(match op {
        ast::BinaryOperator::BitwiseAnd => "bitwise_and",
        ast::BinaryOperator::BitwiseOr => "bitwise_or",
        ast::BinaryOperator::BitwiseXor | ast::BinaryOperator::PGBitwiseXor => "bitwise_xor",
        ast::BinaryOperator::PGBitwiseShiftLeft => "bitwise_left_shift",
        ast::BinaryOperator::PGBitwiseShiftRight => "bitwise_right_shift",
        _ => return None,
    })
}

/// Returns the function that casts; `None` if DataFusion's own cast does it.
fn cast(inner: Expr, data_type: &ast::DataType, is_try: bool) -> Option<Expr> {
    if let ast::DataType::Array(ast::ArrayElemTypeDef::AngleBracket(element)) = data_type {
        return elements_cast(inner, element, is_try);
    }
    let name = data_type.to_string().to_lowercase();
    match name.as_str() {
        "ipaddress" => Some(call(if is_try { "try_ip_address" } else { "ip_address" }, vec![inner])),
        "varbinary" => Some(call("varbinary_of", vec![inner])),
        name if name == "char" || name.starts_with("char(") => {
            let length = name.split_once('(').map_or("1", |(_, length)| length.trim_end_matches(')').trim()).to_owned();
            Some(call("char_of", vec![inner, Expr::Value(Value::Number(length, false).into())]))
        }
        "ipprefix" => Some(inner),
        "timestamp" | "timestamp(3)" | "date" | "timestamp with time zone" | "timestamp(3) with time zone" => {
            let function = match name.as_str() {
                "date" => "date_of",
                name if name.ends_with("zone") => "instant_of",
                _ => "timestamp_of",
            };
            let of = call(function, vec![inner]);
            Some(if is_try { call(TRY, vec![of]) } else { of })
        }
        name if name.starts_with("varchar") => {
            let length = name.split_once('(').map(|(_, length)| length.trim_end_matches(')').trim().to_owned());
            let length = length.map(|length| Expr::Value(Value::Number(length, false).into()));
            Some(call("varchar_of", std::iter::once(inner).chain(length).collect()))
        }
        name => number_type(name).map(|(cast, mut parameters)| {
            parameters.insert(0, inner);
            call(&format!("{}{cast}", if is_try { "try_" } else { "" }), parameters)
        }),
    }
}

/// Returns what casts each element of an array; `None` for a NULL, which gets its type by DataFusion's own cast.
fn elements_cast(array: Expr, element: &ast::DataType, is_try: bool) -> Option<Expr> {
    if matches!(&array, Expr::Value(value) if value.value == Value::Null) {
        return None;
    }
    let cast = each_element(call("elements_of", vec![array]), |one| {
        cast(one.clone(), element, false).unwrap_or_else(|| Expr::Cast {
            kind: ast::CastKind::Cast,
            expr: Box::new(one),
            data_type: element.clone(),
            array: false,
            format: None,
        })
    });
    Some(if is_try { call(TRY, vec![cast]) } else { cast })
}

/// Returns what stands for `BIGINT '5'`, `DECIMAL '1.50'` or `TIMESTAMP '...'`.
fn literal(typed: &ast::TypedString) -> Option<Expr> {
    let text = Expr::Value(typed.value.clone());
    let name = typed.data_type.to_string().to_lowercase();
    match (name.as_str(), &typed.value.value) {
        // Its digits say its precision.
        ("decimal", Value::SingleQuotedString(digits)) => {
            Some(Expr::Value(Value::Number(digits.clone(), false).into()))
        }
        ("json", _) => Some(call("json_parse", vec![text])),
        ("timestamp", _) => Some(call("timestamp_literal", vec![text])),
        _ => number_type(&name).map(|(cast, mut parameters)| {
            parameters.insert(0, text);
            call(cast, parameters)
        }),
    }
}

/// Returns `array[1]` and `map['key']` as calls of a function, which fails where nothing is there.
fn subscripts(root: &Expr, chain: &[ast::AccessExpr]) -> Option<Expr> {
    let mut all = root.clone();
    for access in chain {
        let ast::AccessExpr::Subscript(ast::Subscript::Index { index }) = access else { return None };
        all = call("subscript", vec![all, index.clone()]);
    }
    Some(all)
}

/// Returns two comparisons.
fn between(of: &Expr, negated: bool, low: &Expr, high: &Expr) -> Expr {
    let compare = |op, side: &Expr| Expr::BinaryOp {
        left: Box::new(Expr::Nested(Box::new(of.clone()))),
        op,
        right: Box::new(Expr::Nested(Box::new(side.clone()))),
    };
    let both = Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(compare(ast::BinaryOperator::GtEq, low)),
        op: ast::BinaryOperator::And,
        right: Box::new(compare(ast::BinaryOperator::LtEq, high)),
    }));
    match negated {
        true => Expr::UnaryOp { op: ast::UnaryOperator::Not, expr: Box::new(both) },
        false => both,
    }
}

/// Returns whether this is a type of texts that Athena has not.
fn is_no_type(data_type: &ast::DataType) -> bool {
    let name = data_type.to_string().to_lowercase();
    matches!(name.as_str(), "string" | "text")
}

/// Returns `element_at(map(ARRAY[6, 17], ARRAY['tcp', 'udp']), protocol)`, as people write names of values, as a CASE.
pub fn looked_up(function: &Function) -> Option<Expr> {
    if !function.name.to_string().eq_ignore_ascii_case("element_at") {
        return None;
    }
    let [map, key] = <[Expr; 2]>::try_from(arguments(function)?).ok()?;
    let Expr::Function(map) = map else { return None };
    if !map.name.to_string().eq_ignore_ascii_case("map") {
        return None;
    }
    let [Expr::Array(keys), Expr::Array(values)] = <[Expr; 2]>::try_from(arguments(&map)?).ok()? else { return None };
    if keys.elem.is_empty() || keys.elem.len() != values.elem.len() {
        return None;
    }
    let conditions = keys.elem.into_iter().zip(values.elem);
    Some(Expr::Case {
        case_token: ast::helpers::attached_token::AttachedToken::empty(),
        end_token: ast::helpers::attached_token::AttachedToken::empty(),
        operand: Some(Box::new(key)),
        conditions: conditions.map(|(condition, result)| ast::CaseWhen { condition, result }).collect(),
        else_result: None,
    })
}

/// Returns the pattern of a LIKE in which a backslash is what takes a letter as it is: Athena has none unless ESCAPE names it.
fn escaped(pattern: &Expr, escape: Option<&ast::ValueWithSpan>) -> Result<Expr, (String, String)> {
    let sign = match escape.map(|escape| &escape.value) {
        None => None,
        Some(Value::SingleQuotedString(sign)) if sign.chars().count() == 1 => sign.chars().next(),
        Some(Value::Placeholder(_)) => None,
        Some(_) => return Err(("ESCAPE wants one letter".to_owned(), "write ESCAPE '!'".to_owned())),
    };
    let Expr::Value(value) = pattern else {
        return match sign {
            None => Ok(call("replace", vec![pattern.clone(), text("\\"), text("\\\\")])),
            Some(_) => Err(("a pattern with ESCAPE must be a text in quotes".to_owned(), "write it as one".to_owned())),
        };
    };
    let Value::SingleQuotedString(letters) = &value.value else { return Ok(pattern.clone()) };
    let mut new = String::with_capacity(letters.len() + 4);
    let mut letters = letters.chars();
    while let Some(letter) = letters.next() {
        match letter {
            letter if Some(letter) == sign => {
                let next = letters.next().filter(|next| matches!(next, '%' | '_') || Some(*next) == sign);
                let next = next.ok_or_else(|| {
                    (
                        "ESCAPE stands before something else than % and _".to_owned(),
                        "double it to mean itself".to_owned(),
                    )
                })?;
                if matches!(next, '%' | '_' | '\\') {
                    new.push('\\');
                }
                new.push(next);
            }
            '\\' => new.push_str("\\\\"),
            other => new.push(other),
        }
    }
    Ok(text(&new))
}

/// Returns a comparison with all rows of a subquery, or any of them, which is read once.
fn quantified(left: &Expr, operator: &ast::BinaryOperator, quantifier: &str, right: &Expr) -> Option<Expr> {
    let Expr::Subquery(query) = right else { return None };
    let known = Expr::Subquery(Box::new(known_of(query)));
    Some(call("quantified", vec![text(&operator.to_string()), text(quantifier), left.clone(), known]))
}

/// Returns `= ANY (SELECT ...)` and `<> ALL (SELECT ...)` as IN and NOT IN.
fn among(left: &Expr, right: &Expr, negated: bool) -> Option<Expr> {
    let Expr::Subquery(subquery) = right else { return None };
    Some(Expr::InSubquery { expr: Box::new(left.clone()), subquery: subquery.clone(), negated })
}

/// Returns the function that casts to a type of numbers or booleans, and what it wants besides the value.
fn number_type(name: &str) -> Option<(&'static str, Vec<Expr>)> {
    let (name, parameters) = name.split_once('(').unwrap_or((name, ""));
    let parameters = parameters.trim_end_matches(')').split(',').map(str::trim).filter(|number| !number.is_empty());
    let parameters = parameters.map(|number| Expr::Value(Value::Number(number.to_owned(), false).into())).collect();
    let cast = match name.trim() {
        "tinyint" => "cast_tinyint",
        "smallint" => "cast_smallint",
        "int" | "integer" => "cast_integer",
        "bigint" => "cast_bigint",
        "real" | "float" => "cast_real",
        "double" | "double precision" => "cast_double",
        "decimal" | "numeric" | "dec" => "cast_decimal",
        "boolean" | "bool" => "cast_boolean",
        _ => return None,
    };
    Some((cast, parameters))
}
