//! The command line as a whole: commands, what all of them take, exit codes. What each takes: [`super::args`], and `query_args`.

use clap::{ArgAction, Parser, Subcommand};

use super::args::{
    CompactArgs, ConvertArgs, DdlArgs, DemoArgs, FieldsArgs, GenerateArgs, LedgerArgs, LogOutput, PlanArgs,
    QueriesArgs, RejectsArgs, StatusArgs, VerifyArgs,
};
#[cfg(feature = "query")]
use super::query_args::{CompareArgs, QueryArgs, TuneArgs};
use super::store_args::{DoctorArgs, PolicyArgs};

/// Turns raw AWS VPC Flow Logs into Parquet that makes existing Athena queries fast and cheap.
///
/// SOURCE and DEST are s3://bucket/prefix or local paths. SOURCE may point anywhere at or above the folders of days.
#[derive(Debug, Parser)]
#[command(name = "flowparquet", version, after_help = EXIT_CODES, max_term_width = 120)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// Say on standard error what is decided; -vv also what becomes of each object and file (see docs/operating.md)
    #[arg(short, long, action = ArgAction::Count, global = true, help_heading = "Events")]
    pub verbose: u8,
    /// How to write them
    #[arg(long, value_enum, default_value_t = LogOutput::Text, value_name = "FORMAT", global = true, help_heading = "Events")]
    pub log_output: LogOutput,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done, or nothing to do
  1  finished, but some input was rejected, unreadable or skipped; the report says which
  2  wrong usage or configuration, or a store that refuses bucket or credentials
  3  stopped; nothing is half visible, and it is safe to run again

S3 credentials and Region come from the AWS_* variables, a web identity or the instance's role.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Convert raw flow logs to Parquet partitions; what was converted before is not read again
    Convert(ConvertArgs),
    /// Say what `convert` would do; reads listings and the ledger only
    Plan(PlanArgs),
    /// Print the table definition of a converted DEST or of raw logs, for Athena and others
    Ddl(DdlArgs),
    /// Say what DEST holds, day by day: converted, verified, late, missing, rejected; reads the ledger
    Status(StatusArgs),
    /// Print what was rejected: lines and objects that could not be converted
    Rejects(RejectsArgs),
    /// Merge the small files of each partition into one
    Compact(CompactArgs),
    /// Print the ledger of DEST: which objects became which file, and when
    Ledger(LedgerArgs),
    /// Recount raw logs, Parquet and ledger by a second reader, and name the rows that differ
    Verify(VerifyArgs),
    /// List ready queries, or print one for a table and days
    Queries(QueriesArgs),
    /// Run SQL, as it is written for Athena, over a converted table or raw logs; says what Athena would charge
    #[cfg(feature = "query")]
    Query(QueryArgs),
    /// Run SQL over raw logs and the table: proves equal answers, and prints what either costs
    #[cfg(feature = "query")]
    Compare(CompareArgs),
    /// Try layouts on a sample of raw logs against your statements, and say which serves them best
    #[cfg(feature = "query")]
    Tune(TuneArgs),
    /// What the small program says of the three above
    #[cfg(not(feature = "query"))]
    #[command(name = "query", aliases = ["compare", "tune"], hide = true, disable_help_flag = true)]
    NeedsSql {
        /// Anything
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<String>,
    },
    /// Check that a run would get what it needs: credentials, Regions, permissions, what the store can do; leaves nothing behind
    Doctor(DoctorArgs),
    /// Print the least policies for SOURCE and DEST, for IAM, buckets and KMS keys
    IamPolicy(PolicyArgs),
    /// Print the fields of flow logs
    Fields(FieldsArgs),
    /// Write lifelike sample flow logs, the same for the same seed
    Generate(GenerateArgs),
    /// Generate, convert, DDL, gain: the whole story without AWS
    Demo(DemoArgs),
}

impl Command {
    /// Returns the memory to stay within, in bytes, if `--memory` says it.
    pub fn memory(&self) -> Option<u64> {
        match self {
            Self::Convert(args) => args.job.memory,
            Self::Compact(args) => args.memory,
            Self::Verify(args) => args.memory,
            #[cfg(feature = "query")]
            Self::Query(QueryArgs { engine, .. })
            | Self::Compare(CompareArgs { engine, .. })
            | Self::Tune(TuneArgs { engine, .. }) => engine.memory,
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_that_messages_name_can_be_typed() {
        let program = Cli::command();
        let typed: Vec<&str> =
            program.get_subcommands().flat_map(|c| c.get_arguments().filter_map(|a| a.get_long())).collect();
        for option in crate::options::ALL {
            assert!(typed.contains(&option.replace('_', "-").as_str()), "no command has --{option}");
        }
    }
}
