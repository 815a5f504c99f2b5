//! `JOIN ... USING (column)` -> `ON`, with one column of both: that of the side that has all rows, or what either has.
//!
//! In: a SELECT as it was written. Out: the same without USING. DataFusion gives the column of the left side, which is NULL where only
//! the right one has a row, and finds the name ambiguous behind WHERE. <https://trino.io/docs/current/sql/select.html#using-and-natural-join>

use std::ops::ControlFlow;

use sqlparser::ast::{
    self, BinaryOperator, ExcludeSelectItem, Expr, Ident, JoinConstraint, JoinOperator, ObjectName, Query, SelectItem,
    SelectItemQualifiedWildcardKind, TableFactor, TableWithJoins, VisitMut, VisitorMut,
};

use crate::calls::call;

/// Writes joins of a SELECT by ON where they have USING.
pub fn by_on(select: &mut ast::Select) {
    let mut merged = Merged::default();
    for from in &mut select.from {
        joined(from, &mut merged);
    }
    if merged.columns.is_empty() {
        return;
    }
    for item in std::mem::take(&mut select.projection) {
        merged.item(item, &mut select.projection);
    }
    let _ = select.selection.visit(&mut merged);
    let _ = select.group_by.visit(&mut merged);
    let _ = select.having.visit(&mut merged);
    let _ = select.named_window.visit(&mut merged);
}

/// What stands for a column that USING names, in the order of the statement, and how deep in subqueries we are.
#[derive(Debug, Default)]
struct Merged {
    columns: Vec<(Ident, Expr)>,
    depth: usize,
}

impl Merged {
    fn of(&self, name: &Ident) -> Option<&Expr> {
        self.columns.iter().find(|(known, _)| known.value.eq_ignore_ascii_case(&name.value)).map(|(_, of)| of)
    }

    fn set(&mut self, name: &Ident, of: Expr) {
        match self.columns.iter_mut().find(|(known, _)| known.value.eq_ignore_ascii_case(&name.value)) {
            Some((_, known)) => *known = of,
            None => self.columns.push((name.clone(), of)),
        }
    }

    /// Writes an item of SELECT: a merged column keeps its name, and comes first and once in `*`.
    fn item(&mut self, item: SelectItem, items: &mut Vec<SelectItem>) {
        let excluded = || {
            let names = self.columns.iter().map(|(name, _)| ObjectName::from(vec![name.clone()]));
            Some(ExcludeSelectItem::Multiple(names.collect()))
        };
        match item {
            SelectItem::UnnamedExpr(Expr::Identifier(name)) if self.of(&name).is_some() => {
                let expr = self.of(&name).cloned().unwrap_or_else(|| Expr::Identifier(name.clone()));
                items.push(SelectItem::ExprWithAlias { expr, alias: name });
            }
            SelectItem::Wildcard(mut options) if options.opt_exclude.is_none() => {
                options.opt_exclude = excluded();
                let first = self.columns.iter();
                items.extend(
                    first.map(|(name, of)| SelectItem::ExprWithAlias { expr: of.clone(), alias: name.clone() }),
                );
                items.push(SelectItem::Wildcard(options));
            }
            SelectItem::QualifiedWildcard(kind @ SelectItemQualifiedWildcardKind::ObjectName(_), mut options)
                if options.opt_exclude.is_none() =>
            {
                options.opt_exclude = excluded();
                items.push(SelectItem::QualifiedWildcard(kind, options));
            }
            mut other => {
                let _ = other.visit(self);
                items.push(other);
            }
        }
    }
}

impl VisitorMut for Merged {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if self.depth == 0
            && let Expr::Identifier(name) = expr
            && let Some(of) = self.of(name)
        {
            *expr = of.clone();
        }
        ControlFlow::Continue(())
    }
}

/// Writes the joins of one table and those behind it by ON. A column that two tables before USING may have stays as it is.
fn joined(from: &mut TableWithJoins, merged: &mut Merged) {
    let mut before: Vec<Option<Ident>> = vec![called(&from.relation)];
    for join in &mut from.joins {
        let right = called(&join.relation);
        let (both, right_too) = sides(&join.join_operator);
        if let Some(constraint) = constraint(&mut join.join_operator) {
            if let JoinConstraint::On(condition) = constraint {
                let _ = condition.visit(merged);
            }
            let written = using(constraint, merged, (&before, right.as_ref()));
            if let Some((condition, names)) = written {
                *constraint = JoinConstraint::On(condition);
                for (name, left, right) in names {
                    let of = match (both, right_too) {
                        (true, _) => call("coalesce", vec![left, right]),
                        (false, true) => right,
                        (false, false) => left,
                    };
                    merged.set(&name, of);
                }
            }
        }
        before.push(right);
    }
}

/// Name, and its column on the left and on the right side.
type Sides = (Ident, Expr, Expr);

/// Returns the condition that USING stands for, and its columns.
fn using(
    constraint: &JoinConstraint,
    merged: &Merged,
    (before, right): (&[Option<Ident>], Option<&Ident>),
) -> Option<(Expr, Vec<Sides>)> {
    let JoinConstraint::Using(columns) = constraint else { return None };
    let right = right?;
    let mut names = Vec::new();
    for column in columns {
        let [ast::ObjectNamePart::Identifier(name)] = column.0.as_slice() else { return None };
        let left = match (merged.of(name), before) {
            (Some(known), _) => known.clone(),
            (None, [Some(only)]) => Expr::CompoundIdentifier(vec![only.clone(), name.clone()]),
            _ => return None,
        };
        names.push((name.clone(), left, Expr::CompoundIdentifier(vec![right.clone(), name.clone()])));
    }
    let equal = |(_, left, right): &Sides| Expr::BinaryOp {
        left: Box::new(left.clone()),
        op: BinaryOperator::Eq,
        right: Box::new(right.clone()),
    };
    let all = names.iter().map(equal).reduce(|a, b| Expr::BinaryOp {
        left: Box::new(a),
        op: BinaryOperator::And,
        right: Box::new(b),
    });
    all.map(|condition| (condition, names))
}

/// Returns what columns of a table can be named by.
fn called(factor: &TableFactor) -> Option<Ident> {
    match factor {
        TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } => {
            Some(alias.name.clone())
        }
        TableFactor::Table { name, alias: None, args: None, .. } => {
            name.0.last().and_then(|part| part.as_ident()).cloned()
        }
        _ => None,
    }
}

/// Returns whether both sides may lack a row, and whether the left one may.
fn sides(join: &JoinOperator) -> (bool, bool) {
    match join {
        JoinOperator::FullOuter(_) => (true, true),
        JoinOperator::Right(_) | JoinOperator::RightOuter(_) => (false, true),
        _ => (false, false),
    }
}

fn constraint(join: &mut JoinOperator) -> Option<&mut JoinConstraint> {
    match join {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint) => Some(constraint),
        _ => None,
    }
}
