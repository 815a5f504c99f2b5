//! Nothing: a package has to have a target that is no benchmark. The benchmarks are in `stages.rs`.
