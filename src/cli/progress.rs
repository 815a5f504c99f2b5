//! How a run is shown while it is at it: a bar, lines, JSON lines, or nothing. Always on standard error.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::report::{Progress, Silent};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::ProgressKind;
use super::screen::{self, say};
use super::show;

/// How often plain lines are written.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Returns what shows a run as asked.
pub fn of_kind(kind: ProgressKind) -> Box<dyn Progress> {
    match kind {
        ProgressKind::Auto if std::io::stderr().is_terminal() => Box::new(Bar::new()),
        ProgressKind::Bar => Box::new(Bar::new()),
        ProgressKind::Auto | ProgressKind::Plain => Box::new(PlainProgress::new(false)),
        ProgressKind::Json => Box::new(PlainProgress::new(true)),
        ProgressKind::None => Box::new(Silent),
    }
}

#[derive(Debug, Default)]
struct Totals {
    objects: AtomicU64,
    bytes: AtomicU64,
    rows: AtomicU64,
}

/// A bar that moves with the packed bytes: they are known beforehand, rows are not.
struct Bar {
    bar: ProgressBar,
    totals: Totals,
    all: AtomicU64,
}

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {binary_bytes_per_sec}  {msg}  ETA {eta}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, totals: Totals::default(), all: AtomicU64::new(0) }
    }
}

impl Progress for Bar {
    fn begin(&self, objects: u64, packed_bytes: u64) {
        self.all.fetch_add(objects, Ordering::Relaxed);
        self.bar.set_length(self.bar.length().unwrap_or(0) + packed_bytes);
        self.bar.enable_steady_tick(Duration::from_millis(250));
        screen::write_above(Some(&self.bar));
    }

    fn advance(&self, objects: u64, packed_bytes: u64, rows: u64) {
        let objects = self.totals.objects.fetch_add(objects, Ordering::Relaxed) + objects;
        let rows = self.totals.rows.fetch_add(rows, Ordering::Relaxed) + rows;
        let all = self.all.load(Ordering::Relaxed);
        self.bar.set_message(format!(
            "{}/{} objects  {} rows",
            show::count(objects),
            show::count(all),
            show::count(rows)
        ));
        self.bar.inc(packed_bytes);
    }

    fn end(&self) {
        screen::write_above(None);
        self.bar.finish_and_clear();
    }
}

/// A line every ten seconds, for logs of cron jobs and machines.
struct PlainProgress {
    json: bool,
    totals: Totals,
    all_objects: AtomicU64,
    all_bytes: AtomicU64,
    begun: Instant,
    last: Mutex<Instant>,
}

impl PlainProgress {
    fn new(json: bool) -> Self {
        Self {
            json,
            totals: Totals::default(),
            all_objects: AtomicU64::new(0),
            all_bytes: AtomicU64::new(0),
            begun: Instant::now(),
            last: Mutex::new(Instant::now()),
        }
    }

    fn line(&self) -> String {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (objects, bytes, rows) = (read(&self.totals.objects), read(&self.totals.bytes), read(&self.totals.rows));
        let (all_objects, all_bytes) = (read(&self.all_objects), read(&self.all_bytes));
        let seconds = self.begun.elapsed().as_secs_f64();
        let left = if bytes > 0 { seconds * all_bytes.saturating_sub(bytes) as f64 / bytes as f64 } else { 0.0 };
        if self.json {
            return serde_json::json!({
                "objects": objects, "of_objects": all_objects, "packed_bytes": bytes, "of_packed_bytes": all_bytes,
                "rows": rows, "seconds": (seconds * 1e3).round() / 1e3, "seconds_left": left.round(),
            })
            .to_string();
        }
        format!(
            "{}/{} objects  {} rows  {}/s  ETA {left:.0} s",
            show::count(objects),
            show::count(all_objects),
            show::count(rows),
            show::bytes((bytes as f64 / seconds.max(1e-3)) as u64)
        )
    }

    fn print(&self) {
        say!("{}", self.line());
    }
}

impl Progress for PlainProgress {
    fn begin(&self, objects: u64, packed_bytes: u64) {
        self.all_objects.fetch_add(objects, Ordering::Relaxed);
        self.all_bytes.fetch_add(packed_bytes, Ordering::Relaxed);
    }

    fn advance(&self, objects: u64, packed_bytes: u64, rows: u64) {
        self.totals.objects.fetch_add(objects, Ordering::Relaxed);
        self.totals.bytes.fetch_add(packed_bytes, Ordering::Relaxed);
        self.totals.rows.fetch_add(rows, Ordering::Relaxed);
        if let Ok(mut last) = self.last.try_lock()
            && last.elapsed() >= LINE_EVERY
        {
            *last = Instant::now();
            self.print();
        }
    }

    fn end(&self) {
        if self.json {
            self.print();
        }
    }
}
