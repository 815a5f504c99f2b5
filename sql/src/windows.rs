//! Windows that a WINDOW clause names -> windows that say all themselves.
//!
//! DataFusion 55 takes of `OVER (w ORDER BY x)` only what stands in the parentheses.

use std::ops::ControlFlow;

use sqlparser::ast::{self, Expr, OrderBy, Query, Select, VisitMut, VisitorMut, WindowSpec, WindowType};

/// Functions of which the frame decides nothing.
const WITHOUT_FRAME: [&str; 8] =
    ["cume_dist", "dense_rank", "lag", "lead", "ntile", "percent_rank", "rank", "row_number"];

/// Writes windows out, in a SELECT and in the ORDER BY of a query that is nothing else.
pub fn written_out(select: &mut Select, order_by: Option<&mut OrderBy>) {
    let mut known = Known { windows: Vec::new(), depth: 0 };
    for ast::NamedWindowDefinition(name, window) in select.named_window.drain(..) {
        let spec = match window {
            ast::NamedWindowExpr::WindowSpec(spec) => known.whole(spec),
            ast::NamedWindowExpr::NamedWindow(other) => match known.named(&other) {
                Some(spec) => spec,
                None => continue,
            },
        };
        known.windows.push((name.value.to_lowercase(), spec));
    }
    let _ = select.projection.visit(&mut known);
    let _ = order_by.map(|order_by| order_by.visit(&mut known));
}

struct Known {
    windows: Vec<(String, WindowSpec)>,
    /// How many queries deep an expression stands: each has windows of its own.
    depth: usize,
}

impl Known {
    fn named(&self, name: &ast::Ident) -> Option<WindowSpec> {
        let name = name.value.to_lowercase();
        self.windows.iter().find(|(known, _)| *known == name).map(|(_, spec)| spec.clone())
    }

    /// Adds to a window what the one has that it begins with.
    fn whole(&self, mut spec: WindowSpec) -> WindowSpec {
        let Some(base) = spec.window_name.as_ref().and_then(|name| self.named(name)) else { return spec };
        spec.window_name = None;
        spec.partition_by = base.partition_by;
        if spec.order_by.is_empty() {
            spec.order_by = base.order_by;
        }
        spec.window_frame = spec.window_frame.or(base.window_frame);
        spec
    }
}

impl VisitorMut for Known {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr
            && self.depth == 0
        {
            let whole = match &function.over {
                Some(WindowType::NamedWindow(name)) => self.named(name),
                Some(WindowType::WindowSpec(spec)) => Some(self.whole(spec.clone())),
                None => None,
            };
            if let Some(mut spec) = whole {
                // Otherwise one over what is no number and no text is looked for, and there is none.
                if WITHOUT_FRAME.contains(&function.name.to_string().to_lowercase().as_str()) {
                    spec.window_frame = Some(ast::WindowFrame {
                        units: ast::WindowFrameUnits::Rows,
                        start_bound: ast::WindowFrameBound::Preceding(None),
                        end_bound: Some(ast::WindowFrameBound::Following(None)),
                    });
                }
                function.over = Some(WindowType::WindowSpec(spec));
            }
        }
        ControlFlow::Continue(())
    }
}
