//! Calls of Athena's functions -> calls of the functions that are here.
//!
//! What only has another name stands in `hints`; here is what wants other arguments, or another function by their number.

use sqlparser::ast::{
    self, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    Value,
};
use sqlparser::tokenizer::Span;

use crate::functions::of_ascii;
use crate::hints;

/// What stands for `IPADDRESS '10.0.0.1'`.
pub const ADDRESS_OF: &str = "ip_address";

/// What `trim` takes off: what Java calls white space. DataFusion takes off spaces alone.
pub const BLANKS: &str = " \t\n\u{b}\u{c}\r\u{1c}\u{1d}\u{1e}\u{1f}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\
                          \u{2006}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{205f}\u{3000}";

/// Why an expression is refused, what to write instead, and where it stands.
pub type Refused = ((String, String), Span);

/// Returns what stands for a call of a function of Athena's, if it is not the same; renames those that are only called otherwise.
///
/// # Errors
/// For a function that Athena has not, or that is not here, with what to write instead.
pub fn function_of(function: &mut Function) -> Result<Option<Expr>, Refused> {
    let [ast::ObjectNamePart::Identifier(ident)] = function.name.0.as_slice() else { return Ok(None) };
    let (name, span) = (ident.value.to_lowercase(), ident.span);
    if !hints::is_known(&name) && name != ADDRESS_OF {
        return Err(((format!("Athena has no function {name}"), hints::of_others(&name).to_owned()), span));
    }
    if function.filter.is_some() && function.over.is_some() {
        let help = format!("write {name}(CASE WHEN ... THEN ... END) OVER (...)");
        return Err((("Athena has no FILTER in windows".to_owned(), help), span));
    }
    if let Some(refused) = refused(&name, function) {
        return Err((refused, span));
    }
    if let Some(help) = hints::refused(&name) {
        return Err(((format!("the function {name} is not there"), help.to_owned()), span));
    }
    // LOCALTIMESTAMP and its like have no parentheses.
    if name.starts_with("regexp_") {
        in_ascii(function);
    }
    if name == "count"
        && let FunctionArguments::List(list) = &function.args
        && (list.args.len() > 1
            || list.duplicate_treatment.is_some() && list.args.iter().any(|arg| arguments_of(arg).is_none()))
    {
        let help = "count one column, or a subquery of SELECT DISTINCT".to_owned();
        return Err((("Athena counts rows or one value".to_owned(), help), span));
    }
    let args = if matches!(function.args, FunctionArguments::None) { Some(Vec::new()) } else { arguments(function) };
    let other = args
        .and_then(|args| of_rows_together(function, &name, args.clone()).or_else(|| of_values(function, &name, args)));
    if other.is_none()
        && let Some(new) = hints::same_as(&name)
    {
        rename(function, new);
    }
    Ok(other)
}

/// What `approx_distinct` takes as its standard error (<https://trino.io/docs/current/functions/aggregate.html>).
const STANDARD_ERRORS: std::ops::RangeInclusive<f64> = 0.004_062_5..=0.26;

/// Returns a number that a statement names.
fn number_of(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) | Value::SingleQuotedString(digits) => digits.parse().ok(),
            _ => None,
        },
        Expr::Function(cast) if cast.name.to_string() == "cast_double" => number_of(arguments(cast)?.first()?),
        _ => None,
    }
}

/// Returns why a call is refused for its arguments, and what to write.
fn refused(name: &str, function: &Function) -> Option<(String, String)> {
    let args = arguments(function)?;
    match (name, args.as_slice()) {
        ("current_timestamp" | "localtimestamp", [Expr::Value(digits)]) if digits.value.to_string() != "3" => {
            Some((format!("times have milliseconds here: {name}({digits}) is not there"), format!("write {name}(3)")))
        }
        ("listagg", _) if function.within_group.is_empty() => {
            Some(("listagg wants an order".to_owned(), format!("write {function} WITHIN GROUP (ORDER BY ...)")))
        }
        (name, _) if function.over.is_none() && hints::is_of_windows(name) => {
            Some((format!("{name} wants a window"), format!("write {function} OVER (ORDER BY ...)")))
        }
        ("now", [_, ..]) => Some(("now takes no arguments".to_owned(), "write now()".to_owned())),
        ("regexp_replace", [.., Expr::Lambda(_)]) => Some((
            "regexp_replace with a lambda is not here".to_owned(),
            "write regexp_replace(text, pattern, '$1'), with groups of the pattern".to_owned(),
        )),
        ("approx_distinct", [of, error]) if !number_of(error).is_some_and(|e| STANDARD_ERRORS.contains(&e)) => {
            let (least, most) = (STANDARD_ERRORS.start(), STANDARD_ERRORS.end());
            Some((
                format!("the standard error of approx_distinct must be a number from {least} to {most}"),
                format!("write approx_distinct({of}) or count(DISTINCT {of})"),
            ))
        }
        ("lpad" | "rpad", [text, length]) => {
            Some((format!("{name} wants a text to fill with"), format!("write {name}({text}, {length}, ' ')")))
        }
        _ => None,
    }
}

/// Returns what stands for an aggregate.
fn of_rows_together(function: &Function, name: &str, mut args: Vec<Expr>) -> Option<Expr> {
    match name {
        // As an argument and not as FILTER, so that it works in windows too.
        "count_if" if args.len() == 1 => {
            let one = Expr::Value(Value::Number("1".to_owned(), false).into());
            let ones = args.into_iter().map(|condition| case(condition, one.clone(), None));
            Some(Expr::Function(instead(function, "count", ones.collect())))
        }
        "listagg" if !args.is_empty() && args.len() <= 2 => {
            if args.len() == 1 {
                args.push(text(""));
            }
            let mut joined = instead(function, "string_agg", args);
            let by = std::mem::take(&mut joined.within_group);
            if let FunctionArguments::List(list) = &mut joined.args {
                list.clauses = vec![ast::FunctionArgumentClause::OrderBy(by)];
            }
            Some(Expr::Function(joined))
        }
        // How exact it is follows from how it is done.
        "approx_distinct" if args.len() == 2 => {
            Some(Expr::Function(instead(function, "approx_distinct", args.drain(..1).collect())))
        }
        "approx_percentile" => percentiles(function, args),
        "geometric_mean" if args.len() == 1 => {
            let logs = args.into_iter().map(|arg| call("ln", vec![call("cast_double", vec![arg])])).collect();
            Some(call("exp", vec![Expr::Function(instead(function, "avg", logs))]))
        }
        "max_by" | "min_by" if args.len() == 2 => {
            let by_and_value = <[Expr; 2]>::try_from(args).ok();
            by_and_value
                .map(|[value, by]| Expr::Function(by_order(function, "first_value", value, by, name == "min_by")))
        }
        "max_by" | "min_by" if args.len() == 3 => match <[Expr; 3]>::try_from(args) {
            Ok([value, by, count]) => Some(first_of(function, value, by, count, name == "min_by")),
            Err(_) => None,
        },
        "max" | "min" if args.len() == 2 => match <[Expr; 2]>::try_from(args) {
            Ok([value, count]) => Some(first_of(function, value.clone(), value, count, name == "min")),
            Err(_) => None,
        },
        _ => None,
    }
}

/// Returns what stands for a function of the values of a row.
fn of_values(function: &Function, name: &str, mut args: Vec<Expr>) -> Option<Expr> {
    if let ("lag" | "lead", [_, offset, default], false) = (name, args.as_slice(), args.last().is_some_and(is_literal))
    {
        return Some(with_default(function, name, offset, default));
    }
    if let Some(other) = of_times(name, &args).or_else(|| of_arrays(name, args.clone())) {
        return Some(other);
    }
    match name {
        "if" => match <[Expr; 3]>::try_from(args) {
            Ok([condition, then, otherwise]) => Some(case(condition, then, Some(otherwise))),
            Err(args) => <[Expr; 2]>::try_from(args).ok().map(|[condition, then]| case(condition, then, None)),
        },
        "nan" | "infinity" | "e" if args.is_empty() => {
            let value = match name {
                "nan" => "NaN",
                "infinity" => "Infinity",
                _ => "2.718281828459045",
            };
            Some(call("cast_double", vec![text(value)]))
        }
        "bitwise_and" => binary(ast::BinaryOperator::BitwiseAnd, args),
        "bitwise_or" => binary(ast::BinaryOperator::BitwiseOr, args),
        "bitwise_xor" => binary(ast::BinaryOperator::PGBitwiseXor, args),
        // A whole number in a statement is an integer in Athena: it has 32 bits.
        "bitwise_left_shift" | "bitwise_right_shift" if args.first().is_some_and(is_integer) => {
            let number = std::mem::replace(&mut args[0], Expr::Value(Value::Null.into()));
            args[0] = call("cast_integer", vec![number]);
            Some(call(name, args))
        }
        "ltrim" | "rtrim" if args.len() == 1 => {
            args.push(text(BLANKS));
            Some(call(name, args))
        }
        // Of the first one's type; DataFusion takes the one that both have in common.
        "nullif" if args.len() == 2 => match <[Expr; 2]>::try_from(args) {
            Ok([value, other]) => {
                let same = binary(ast::BinaryOperator::Eq, vec![value.clone(), other]);
                same.map(|same| case(same, Expr::Value(Value::Null.into()), Some(value)))
            }
            Err(_) => None,
        },
        // NULL among them makes NULL of all; DataFusion passes over it.
        "greatest" | "least" => {
            any_missing(&args).map(|missing| case(missing, Expr::Value(Value::Null.into()), Some(call(name, args))))
        }
        "concat" if args.len() > 1 => {
            let nested = |arg: Expr| Expr::Nested(Box::new(arg));
            let joined = args.into_iter().map(nested).reduce(|a, b| Expr::BinaryOp {
                left: Box::new(a),
                op: ast::BinaryOperator::StringConcat,
                right: Box::new(b),
            });
            joined.map(nested)
        }
        "power" | "pow" | "sqrt" | "cbrt" | "exp" | "ln" | "log2" | "log10" | "sin" | "cos" | "tan" | "asin"
        | "acos" | "atan" | "atan2" | "sinh" | "cosh" | "tanh" | "degrees" | "radians" | "log" => {
            let args = args.into_iter().map(|arg| call("cast_double", vec![arg])).collect();
            Some(Expr::Function(instead(function, if name == "pow" { "power" } else { name }, args)))
        }
        "replace" if args.len() == 2 => {
            args.push(text(""));
            Some(Expr::Function(instead(function, "replace", args)))
        }
        "regexp_replace" if args.len() == 2 || args.len() == 3 => {
            if args.len() == 2 {
                args.push(text(""));
            }
            if let Expr::Value(value) = &mut args[2]
                && let Value::SingleQuotedString(replacement) = &value.value
            {
                value.value = Value::SingleQuotedString(as_rust_replaces(replacement));
            }
            args.push(text("g"));
            Some(call("regexp_replace", args))
        }
        _ => None,
    }
}

/// Has the classes of a pattern mean what they do in Trino; a pattern that is no literal stays as it is.
fn in_ascii(function: &mut Function) {
    let FunctionArguments::List(list) = &mut function.args else { return };
    if let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))) = list.args.get_mut(1)
        && let Value::SingleQuotedString(pattern) = &mut value.value
    {
        *pattern = of_ascii(pattern);
    }
}

/// Returns what stands for a function of times.
fn of_times(name: &str, args: &[Expr]) -> Option<Expr> {
    let args = args.to_vec();
    match name {
        "localtimestamp" => Some(call("timestamp_of", vec![call("now", Vec::new())])),
        // A time of the session's zone.
        "now" | "current_timestamp" => Some(call("at_timezone", vec![call("now", Vec::new()), text("UTC")])),
        "millisecond" => {
            let thousand = Expr::Value(Value::Number("1000".to_owned(), false).into());
            binary(ast::BinaryOperator::Modulo, vec![part("millisecond", args), thousand])
        }
        "week_of_year" => Some(part("week", args)),
        "day_of_month" => Some(part("day", args)),
        "year_of_week" | "yow" => Some(part("isoyear", args)),
        "current_timezone" => Some(text("UTC")),
        "day_of_week" | "dow" => Some(part("isodow", args)),
        "day_of_year" | "doy" => Some(part("doy", args)),
        "year" | "quarter" | "month" | "week" | "day" | "hour" | "minute" | "second" => Some(part(name, args)),
        _ => None,
    }
}

/// Returns what stands for a function of arrays and maps.
fn of_arrays(name: &str, mut args: Vec<Expr>) -> Option<Expr> {
    match name {
        "slice" => match <[Expr; 3]>::try_from(args) {
            Ok([array, start, length]) => {
                let one = Expr::Value(Value::Number("1".to_owned(), false).into());
                let end = binary(ast::BinaryOperator::Plus, vec![start.clone(), length]);
                let end = end.and_then(|end| binary(ast::BinaryOperator::Minus, vec![end, one]));
                end.map(|end| call("array_slice", vec![array, start, end]))
            }
            Err(_) => None,
        },
        "map" if args.is_empty() => {
            let none = || Expr::Array(ast::Array { elem: Vec::new(), named: true });
            Some(call("map_of", vec![none(), none()]))
        }
        // No element for which it does not hold, and none for which it holds; NULL among them does the same in both.
        "none_match" if args.len() == 2 => Some(not(call("any_match", args))),
        "all_match" if args.len() == 2 => {
            if let Some(Expr::Lambda(lambda)) = args.last_mut() {
                let holds = std::mem::replace(&mut *lambda.body, Expr::Value(Value::Null.into()));
                *lambda.body = not(holds);
            }
            Some(not(call("any_match", args)))
        }
        // DataFusion gives NULL for what is not there.
        "array_position" if args.len() == 2 => {
            let zero = Expr::Value(Value::Number("0".to_owned(), false).into());
            let missing = any_missing(&args);
            let found = call("coalesce", vec![call("array_position", args), zero]);
            missing.map(|missing| case(missing, Expr::Value(Value::Null.into()), Some(found)))
        }
        // Elements are written as a cast to a text writes them.
        "array_join" if args.len() == 2 || args.len() == 3 => {
            let array = std::mem::replace(&mut args[0], Expr::Value(Value::Null.into()));
            args[0] = each_element(array, |element| call("varchar_of", vec![element]));
            Some(call("array_to_string", args))
        }
        // DataFusion puts NULL first, Athena last.
        "array_sort" if args.len() == 1 => {
            args.extend(["ASC", "NULLS LAST"].map(text));
            Some(call("array_sort", args))
        }
        _ => None,
    }
}

/// Returns what replaces a match: `$1` is a group and `\$` is none, as in Java; `${1}` and `$$` here.
fn as_rust_replaces(replacement: &str) -> String {
    let mut text = String::with_capacity(replacement.len() + 4);
    let mut letters = replacement.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('$') => text.push_str("$$"),
                other => text.extend(other),
            },
            '$' if letters.peek().is_some_and(char::is_ascii_digit) => {
                text.push_str("${");
                while let Some(digit) = letters.next_if(char::is_ascii_digit) {
                    text.push(digit);
                }
                text.push('}');
            }
            other => text.push(other),
        }
    }
    text
}

/// Returns as many values as asked for, of the rows that come first or last by something.
fn first_of(function: &Function, value: Expr, by: Expr, count: Expr, ascending: bool) -> Expr {
    let one = Expr::Value(Value::Number("1".to_owned(), false).into());
    let all = by_order(function, "array_agg", value, by, ascending);
    call("array_slice", vec![Expr::Function(all), one, count])
}

/// Returns an aggregate of values in the order of something else; rows without that are left out.
fn by_order(function: &Function, name: &str, value: Expr, by: Expr, ascending: bool) -> Function {
    let mut all = instead(function, name, vec![value]);
    let there = Expr::IsNotNull(Box::new(Expr::Nested(Box::new(by.clone()))));
    all.filter = Some(Box::new(match all.filter.take() {
        Some(filter) => Expr::BinaryOp {
            left: Box::new(Expr::Nested(filter)),
            op: ast::BinaryOperator::And,
            right: Box::new(there),
        },
        None => there,
    }));
    if let FunctionArguments::List(list) = &mut all.args {
        let options = ast::OrderByOptions { asc: Some(ascending), nulls_first: Some(false) };
        let mut by = by;
        not_a_place(&mut by);
        let by = ast::OrderByExpr { expr: by, options, with_fill: None };
        list.clauses.push(ast::FunctionArgumentClause::OrderBy(vec![by]));
    }
    all
}

/// Returns `lag` or `lead` with a default that differs from row to row: DataFusion takes a literal alone.
fn with_default(function: &Function, name: &str, offset: &Expr, default: &Expr) -> Expr {
    let value = arguments(function).and_then(|args| args.into_iter().next()).unwrap_or_else(|| default.clone());
    let one = Expr::Value(Value::Number("1".to_owned(), false).into());
    let mut there = instead(function, name, vec![one, offset.clone()]);
    // Of a row that is there this is never NULL.
    there.null_treatment = None;
    let missing = Expr::IsNull(Box::new(Expr::Function(there)));
    case(missing, default.clone(), Some(Expr::Function(instead(function, name, vec![value, offset.clone()]))))
}

/// Returns whether this is a number that a statement names and that fits the type integer.
fn is_integer(expr: &Expr) -> bool {
    match expr {
        Expr::UnaryOp { op: ast::UnaryOperator::Minus, expr } => is_integer(expr),
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse::<i32>().is_ok(),
            _ => false,
        },
        _ => false,
    }
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) => true,
        Expr::UnaryOp { expr, .. } | Expr::Nested(expr) => is_literal(expr),
        _ => false,
    }
}

/// Has a number with a point stand for itself: DataFusion takes each number for the place of a column.
pub fn not_a_place(expr: &mut Expr) {
    let Expr::Value(value) = &*expr else { return };
    if matches!(&value.value, Value::Number(digits, _) if !digits.bytes().all(|b| b.is_ascii_digit())) {
        *expr = Expr::Nested(Box::new(expr.clone()));
    }
}

/// Returns whether one of these is NULL.
fn any_missing(args: &[Expr]) -> Option<Expr> {
    let missing = args.iter().map(|arg| Expr::IsNull(Box::new(Expr::Nested(Box::new(arg.clone())))));
    missing.reduce(|a, b| Expr::BinaryOp { left: Box::new(a), op: ast::BinaryOperator::Or, right: Box::new(b) })
}

/// Returns an array of percentiles for an array of shares.
fn percentiles(function: &Function, mut args: Vec<Expr>) -> Option<Expr> {
    let Expr::Array(shares) = args.pop()? else { return None };
    let one = |share: Expr| {
        let args = args.iter().cloned().chain([share]).collect();
        Expr::Function(instead(function, "approx_percentile", args))
    };
    Some(call("make_array", shares.elem.into_iter().map(one).collect()))
}

/// Returns the same call, window and all, of another function.
fn instead(function: &Function, name: &str, args: Vec<Expr>) -> Function {
    let mut other = function.clone();
    rename(&mut other, name);
    set_arguments(&mut other, args);
    other
}

/// Gives a function of one name another, in its place of the statement.
fn rename(function: &mut Function, name: &str) {
    if let [ast::ObjectNamePart::Identifier(ident)] = function.name.0.as_slice() {
        let ident = Ident { value: name.to_owned(), quote_style: None, span: ident.span };
        function.name = ObjectName::from(vec![ident]);
    }
}

/// Returns an array of what something makes of each element.
pub fn each_element(array: Expr, of: impl FnOnce(Expr) -> Expr) -> Expr {
    let name = Ident::new("element");
    let lambda = Expr::Lambda(ast::LambdaFunction {
        params: ast::OneOrManyWithParens::One(ast::LambdaFunctionParameter { name: name.clone(), data_type: None }),
        body: Box::new(of(Expr::Identifier(name))),
        syntax: ast::LambdaSyntax::Arrow,
    });
    call("array_transform", vec![array, lambda])
}

fn not(expr: Expr) -> Expr {
    let inner = Box::new(Expr::Nested(Box::new(expr)));
    Expr::Nested(Box::new(Expr::UnaryOp { op: ast::UnaryOperator::Not, expr: inner }))
}

fn binary(op: ast::BinaryOperator, args: Vec<Expr>) -> Option<Expr> {
    let [left, right] = <[Expr; 2]>::try_from(args).ok()?;
    Some(Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(Expr::Nested(Box::new(left))),
        op,
        right: Box::new(Expr::Nested(Box::new(right))),
    })))
}

pub fn call(name: &str, args: Vec<Expr>) -> Expr {
    let mut function = Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::None,
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    };
    set_arguments(&mut function, args);
    Expr::Function(function)
}

/// Returns a call of a function over the rows that are equal by some expressions.
pub fn over(call: Expr, partition_by: Vec<Expr>) -> Expr {
    let Expr::Function(mut function) = call else { return call };
    let window = ast::WindowSpec { window_name: None, partition_by, order_by: Vec::new(), window_frame: None };
    function.over = Some(ast::WindowType::WindowSpec(window));
    Expr::Function(function)
}

pub fn part(part: &str, args: Vec<Expr>) -> Expr {
    call("date_part", [text(part)].into_iter().chain(args).collect())
}

pub fn text(value: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(value.to_owned()).into())
}

fn case(condition: Expr, then: Expr, otherwise: Option<Expr>) -> Expr {
    Expr::Case {
        case_token: ast::helpers::attached_token::AttachedToken::empty(),
        end_token: ast::helpers::attached_token::AttachedToken::empty(),
        operand: None,
        conditions: vec![ast::CaseWhen { condition, result: then }],
        else_result: otherwise.map(Box::new),
    }
}

fn arguments_of(arg: &FunctionArg) -> Option<&Expr> {
    match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    }
}

/// Returns the arguments of a function, if they are plain expressions.
pub fn arguments(function: &Function) -> Option<Vec<Expr>> {
    let FunctionArguments::List(list) = &function.args else { return None };
    let plain = |arg: &FunctionArg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
        _ => None,
    };
    list.args.iter().map(plain).collect()
}

fn set_arguments(function: &mut Function, args: Vec<Expr>) {
    let args = args.into_iter().map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg))).collect();
    let (clauses, duplicate_treatment) = match &function.args {
        FunctionArguments::List(list) => (list.clauses.clone(), list.duplicate_treatment),
        _ => (Vec::new(), None),
    };
    function.args = FunctionArguments::List(FunctionArgumentList { duplicate_treatment, args, clauses });
}
