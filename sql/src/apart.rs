//! Tells the subqueries of a statement apart: DataFusion names a value after what it is computed of, and all subqueries are one to it.
//! `sum(CASE WHEN srcaddr IN (SELECT ...) ...)` and the same with another subquery would be two columns of one name.
//!
//! In: a statement as it is planned. Out: the same, with a number beside each subquery, which goes once the plan is made.

use std::ops::ControlFlow;

use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{self as planned, LogicalPlan};
use sqlparser::ast::{Expr, Statement, Value, VisitMut, VisitorMut, visit_expressions};

use crate::calls::call;

/// The function that stands around a subquery and its number.
pub const APART: &str = "apart";

fn is_subquery(expr: &Expr) -> bool {
    matches!(expr, Expr::Subquery(_) | Expr::InSubquery { .. } | Expr::Exists { .. })
}

/// Puts a number beside each subquery of a statement that has several; the same one beside equal ones.
pub fn tell_apart(statement: &mut Statement) {
    let mut count = 0;
    let _ = visit_expressions(statement, |expr| {
        count += usize::from(is_subquery(expr));
        ControlFlow::<()>::Continue(())
    });
    if count > 1 {
        let _ = statement.visit(&mut Numbers { known: Vec::new() });
    }
}

struct Numbers {
    /// The subqueries by their numbers.
    known: Vec<String>,
}

impl VisitorMut for Numbers {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if is_subquery(expr) {
            let text = expr.to_string();
            let number = self.known.iter().position(|known| *known == text).unwrap_or_else(|| {
                self.known.push(text);
                self.known.len() - 1
            });
            let number = Expr::Value(Value::Number(number.to_string(), false).into());
            let within = std::mem::replace(expr, number.clone());
            *expr = call(APART, vec![within, number]);
        }
        ControlFlow::Continue(())
    }
}

/// Takes the numbers away from a node of a plan; names stay.
pub fn together(node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let names = NamePreserver::new(&node);
    let is_named = !matches!(node, LogicalPlan::Sort(_));
    let changed = node.map_expressions(|expr| {
        let name = names.save(&expr);
        let changed = expr.transform_up(|part| match part {
            planned::Expr::ScalarFunction(mut call) if call.name() == APART && !call.args.is_empty() => {
                Ok(Transformed::yes(call.args.swap_remove(0)))
            }
            other => Ok(Transformed::no(other)),
        })?;
        Ok(if is_named { changed.update_data(|expr| name.restore(expr)) } else { changed })
    })?;
    if changed.transformed { changed.map_data(LogicalPlan::recompute_schema) } else { Ok(changed) }
}
