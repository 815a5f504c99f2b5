//! Tests of whole objects.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;

use libdeflater::Decompressor;

use super::*;

const V2: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status";
const V3_TO_V5: &str = "vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type sublocation-id \
     pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path";
const V7_TO_V11: &str = "ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id \
     ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id reject-reason resource-id \
     encryption-status instance-tag instance-tag-2 interface-tag interface-tag-2 asg-tag asg-tag-2 interface-type \
     next-hop-interface-id next-hop-subnet-id next-hop-az-id next-hop-vpc-id next-hop-interface-type";
const TRANSIT: &str = "version resource-type account-id tgw-id tgw-attachment-id tgw-src-vpc-account-id tgw-dst-vpc-account-id \
     tgw-src-vpc-id tgw-dst-vpc-id tgw-src-subnet-id tgw-dst-subnet-id tgw-src-eni tgw-dst-eni tgw-src-az-id tgw-dst-az-id \
     tgw-pair-attachment-id srcaddr dstaddr srcport dstport protocol packets bytes start end log-status type \
     packets-lost-no-route packets-lost-blackhole packets-lost-mtu-exceeded packets-lost-ttl-expired tcp-flags region \
     flow-direction pkt-src-aws-service pkt-dst-aws-service";

/// Key to text of every object.
type Objects = BTreeMap<String, String>;

fn options(fields: &str, version: u8) -> GenerateOptions {
    GenerateOptions {
        seed: 7,
        days: vec![date(2026, 1, 15)],
        objects_per_day: 4,
        rows_per_object: 800,
        fields: fields.split_whitespace().map(str::to_owned).collect(),
        version,
        layout: KeyLayout::Default,
        accounts: vec!["123456789012".to_owned()],
        regions: vec!["us-east-1".to_owned()],
        transit_gateway: false,
    }
}

fn v11() -> GenerateOptions {
    options(&format!("{V2} {V3_TO_V5} {V7_TO_V11}"), 11)
}

fn text_of(object: &GeneratedObject) -> String {
    let mut text = vec![0; usize::try_from(object.text_bytes).unwrap()];
    let length = Decompressor::new().gzip_decompress(&object.gzip, &mut text).unwrap();
    assert_eq!(length as u64, object.text_bytes);
    String::from_utf8(text).unwrap()
}

fn objects(options: &GenerateOptions) -> Objects {
    let objects = Mutex::new(Objects::new());
    let keep = |object: GeneratedObject| match objects.lock().unwrap().insert(object.key.clone(), text_of(&object)) {
        None => Ok(()),
        Some(_) => Err(object.key),
    };
    let sums = generate(options, &keep).unwrap();
    let objects = objects.into_inner().unwrap();
    assert_eq!(sums.objects, objects.len() as u64);
    objects
}

/// The records of all objects, each as a map from token to value.
fn records(options: &GenerateOptions) -> Vec<BTreeMap<String, String>> {
    let mut records = Vec::new();
    for text in objects(options).values() {
        let (header, lines) = text.split_once('\n').unwrap();
        assert_eq!(header, options.fields.join(" "));
        for line in lines.lines() {
            let values: Vec<&str> = line.split(' ').collect();
            assert_eq!(values.len(), options.fields.len(), "{line}");
            assert!(values.iter().all(|value| !value.is_empty()), "{line}");
            records.push(options.fields.iter().cloned().zip(values.into_iter().map(str::to_owned)).collect());
        }
        assert!(text.ends_with('\n'));
    }
    records
}

fn share(records: &[BTreeMap<String, String>], wanted: impl Fn(&BTreeMap<String, String>) -> bool) -> f64 {
    let count = records.iter().filter(|record| wanted(record)).count();
    f64::from(u32::try_from(count).unwrap()) / f64::from(u32::try_from(records.len()).unwrap())
}

#[test]
fn bytes_do_not_depend_on_the_number_of_threads() {
    let made_by = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let made = Mutex::new(BTreeMap::new());
        let keep = |object: GeneratedObject| -> Result<(), ()> {
            made.lock().unwrap().insert(object.key, object.gzip);
            Ok(())
        };
        let sums = pool.install(|| generate(&v11(), &keep)).unwrap();
        (sums, made.into_inner().unwrap())
    };
    assert_eq!(made_by(1), made_by(2));
}

#[test]
fn another_seed_gives_other_traffic_and_other_names() {
    let first = options(V2, 2);
    let second = GenerateOptions { seed: 8, ..first.clone() };
    let (first, second) = (objects(&first), objects(&second));
    assert!(first.keys().all(|key| !second.contains_key(key)));
    assert!(first.values().zip(second.values()).all(|(a, b)| a != b));
}

#[test]
fn sums_and_rows_are_exact() {
    let mut options = options(V2, 2);
    options.accounts.push("000000000042".to_owned());
    options.regions.push("eu-west-1".to_owned());
    options.days.push(date(2026, 1, 16));
    for rows in [0, 1, 3, 17, 500] {
        options.rows_per_object = rows;
        let expected = u64::from(rows);
        let check = |object: GeneratedObject| -> Result<(), ()> {
            assert_eq!(object.rows, expected);
            assert_eq!(text_of(&object).lines().count() as u64, expected + 1);
            Ok(())
        };
        let sums = generate(&options, &check).unwrap();
        assert_eq!((sums.objects, sums.rows), (32, 32 * expected));
    }
}

#[test]
fn the_first_error_of_the_sink_ends_it() {
    let refuse = |_: GeneratedObject| Err("full");
    assert_eq!(generate(&options(V2, 2), &refuse), Err("full"));
}

#[test]
fn nothing_is_made_of_empty_lists() {
    let empty = GenerateOptions { accounts: Vec::new(), ..options(V2, 2) };
    assert!(objects(&empty).is_empty());
    let none = GenerateOptions { objects_per_day: 0, ..options(V2, 2) };
    assert!(objects(&none).is_empty());
}

#[test]
fn ends_lie_in_the_window_that_the_name_tells() {
    for objects_per_day in [7, 288, 400] {
        let options = GenerateOptions { objects_per_day, rows_per_object: 20, ..options(V2, 2) };
        let objects = objects(&options);
        assert_eq!(objects.len(), objects_per_day as usize);
        for (key, text) in objects {
            let time = key.rsplit('_').nth(1).unwrap();
            let (hour, minute): (i64, i64) = (time[9..11].parse().unwrap(), time[11..13].parse().unwrap());
            assert_eq!((time.len(), minute % 5), (14, 0), "{key}");
            let from = midnight(date(2026, 1, 15)) + hour * 3600 + minute * 60;
            let seconds = (i64::from(SECONDS_PER_DAY) / i64::from(objects_per_day) + 300).max(300);
            for line in text.lines().skip(1) {
                let values: Vec<&str> = line.split(' ').collect();
                let (start, end): (i64, i64) = (values[10].parse().unwrap(), values[11].parse().unwrap());
                assert!((from..from + seconds).contains(&end), "{key}: {line}");
                assert!((0..600).contains(&(end - start)), "{line}");
                assert_eq!(end / i64::from(SECONDS_PER_DAY), from / i64::from(SECONDS_PER_DAY), "{line}");
            }
        }
    }
}

#[test]
fn the_tutorial_finds_its_flows() {
    let servers = ["34.160.111.145", "104.18.26.120"];
    for (objects_per_day, rows_per_object) in [(288, 100), (4, 50), (1, 4)] {
        let options = GenerateOptions { objects_per_day, rows_per_object, ..options(V2, 2) };
        let records = records(&options);
        let from = |address: &str| {
            let wanted = |record: &&BTreeMap<String, String>| {
                record["srcaddr"] == address
                    && servers.contains(&record["dstaddr"].as_str())
                    && (record["dstport"].as_str(), record["protocol"].as_str()) == ("443", "6")
            };
            records.iter().filter(wanted).count()
        };
        assert!(from("172.32.21.19") > 0, "{objects_per_day} objects");
        assert!(from("54.248.89.189") > 0, "{objects_per_day} objects");
    }
    let other_day = GenerateOptions { days: vec![date(2026, 1, 14)], ..options(V2, 2) };
    assert!(records(&other_day).iter().all(|record| record["srcaddr"] != "54.248.89.189"));
}

#[test]
fn the_tutorial_shows_all_views_of_the_nat_gateway() {
    let records = records(&v11());
    let seen: HashSet<[&str; 5]> = records
        .iter()
        .map(|record| {
            ["srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", "interface-type"].map(|token| record[token].as_str())
        })
        .collect();
    let (instance, nat, public) = ("172.32.21.19", "172.32.10.21", "54.248.89.189");
    for server in ["34.160.111.145", "104.18.26.120"] {
        let views = [
            ([instance, server, instance, server], "-"),
            ([instance, nat, instance, server], "nat_gateway"),
            ([nat, server, nat, server], "nat_gateway"),
            ([public, server, public, server], "nat_gateway"),
        ];
        for ([source, destination, packet_source, packet_destination], kind) in views {
            assert!(seen.contains(&[source, destination, packet_source, packet_destination, kind]));
            assert!(seen.contains(&[destination, source, packet_destination, packet_source, kind]));
        }
    }
}

#[test]
fn only_the_first_account_and_region_have_the_tutorial() {
    let mut options = options(V2, 2);
    options.accounts.push("000000000042".to_owned());
    options.regions.push("eu-west-1".to_owned());
    let with_tutorial: Vec<String> = objects(&options)
        .into_iter()
        .filter(|(_, text)| text.contains(" 54.248.89.189 "))
        .map(|(key, _)| key)
        .collect();
    assert_eq!(with_tutorial.len(), 4);
    assert!(with_tutorial.iter().all(|key| key.starts_with("AWSLogs/123456789012/vpcflowlogs/us-east-1/")));
}

#[test]
fn rows_without_data_keep_interface_and_times_only() {
    let records = records(&options(V2, 2));
    let silent = |record: &&BTreeMap<String, String>| record["log-status"] != "OK";
    let mut count = 0;
    for record in records.iter().filter(silent) {
        count += 1;
        for token in ["srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "action"] {
            assert_eq!(record[token], "-");
        }
        assert_eq!(record["version"], "2");
        assert!(record["start"].parse::<u64>().is_ok() && record["end"].parse::<u64>().is_ok());
        assert!(["NODATA", "SKIPDATA"].contains(&record["log-status"].as_str()));
    }
    assert!(count > 30, "{count}");
}

#[test]
fn the_shares_are_lifelike() {
    let records = records(&GenerateOptions { rows_per_object: 4000, ..v11() });
    let time = |record: &BTreeMap<String, String>, token: &str| record[token].parse::<u64>().unwrap();
    let seconds = |record: &BTreeMap<String, String>| time(record, "end") - time(record, "start");
    let shares = [
        ("REJECT", share(&records, |record| record["action"] == "REJECT"), 0.04..0.06),
        ("NODATA", share(&records, |record| record["log-status"] == "NODATA"), 0.012..0.018),
        ("SKIPDATA", share(&records, |record| record["log-status"] == "SKIPDATA"), 0.0002..0.001),
        ("IPv6", share(&records, |record| record["type"] == "IPv6"), 0.02..0.04),
        (
            "first three zones",
            share(&records, |record| ["use1-az1", "use1-az2", "use1-az3", "-"].contains(&&*record["az-id"])),
            1.0..1.1,
        ),
        ("less than a minute", share(&records, |record| seconds(record) < 60), 0.8..0.99),
        ("no time", share(&records, |record| seconds(record) == 0), 0.0..0.15),
        ("UDP", share(&records, |record| record["protocol"] == "17"), 0.02..0.1),
        ("ICMP", share(&records, |record| record["protocol"] == "1"), 0.005..0.03),
        ("NAT", share(&records, |record| record["interface-type"].contains("nat_gateway")), 0.04..0.25),
        ("ECS", share(&records, |record| record["ecs-task-id"] != "-"), 0.05..0.5),
    ];
    for (name, share, expected) in shares {
        assert!(expected.contains(&share), "{name}: {share}");
    }
    let icmp = records.iter().filter(|record| record["protocol"] == "1");
    assert!(icmp.clone().count() > 0);
    assert!(icmp.into_iter().all(|record| (record["srcport"].as_str(), record["dstport"].as_str()) == ("0", "0")));
}

#[test]
fn every_field_has_values() {
    let mut transit = options(TRANSIT, 6);
    transit.transit_gateway = true;
    // ECS on Fargate has no container instances.
    let always_missing = ["ecs-container-instance-arn", "ecs-container-instance-id"];
    for options in [GenerateOptions { rows_per_object: 4000, ..v11() }, transit] {
        let records = records(&options);
        for token in &options.fields {
            // In this model a transit gateway carries nothing to or from AWS services.
            if always_missing.contains(&token.as_str()) || options.transit_gateway && token.contains("aws-service") {
                continue;
            }
            assert!(records.iter().any(|record| record[token] != "-"), "{token}");
        }
        assert!(records.iter().all(|record| record["version"] == options.version.to_string()));
    }
}

#[test]
fn traffic_paths_belong_to_egress() {
    for record in records(&v11()).iter().filter(|record| record["log-status"] == "OK") {
        assert_eq!(record["traffic-path"] == "-", record["flow-direction"] == "ingress", "{record:?}");
    }
}

#[test]
fn unknown_tokens_are_missing_and_order_is_free() {
    let records = records(&options("end shoe-size srcaddr version", 2));
    assert_eq!(records.len(), 3200);
    assert!(records.iter().all(|record| record["shoe-size"] == "-" && record["version"] == "2"));
}

#[test]
fn transit_gateway_logs_have_their_folder_and_both_attachments() {
    let options = GenerateOptions { transit_gateway: true, layout: KeyLayout::Hive, ..options(TRANSIT, 6) };
    let key = objects(&options).into_keys().next().unwrap();
    assert!(key.contains("/service=vpcflowlogs/aws-region=us-east-1/year=2026/month=01/day=15/"), "{key}");
    for record in records(&options).iter().filter(|record| record["log-status"] == "OK") {
        assert_ne!(record["tgw-attachment-id"], record["tgw-pair-attachment-id"]);
        assert_ne!(record["tgw-src-vpc-id"], record["tgw-dst-vpc-id"]);
        assert_eq!(record["account-id"], "123456789012");
    }
}

#[test]
fn flow_logs_with_other_fields_have_other_ids() {
    let id =
        |options: &GenerateOptions| objects(options).into_keys().next().unwrap().split('_').nth(3).unwrap().to_owned();
    assert_eq!(id(&options(V2, 2)), id(&GenerateOptions { seed: 8, ..options(V2, 2) }));
    assert_ne!(id(&options(V2, 2)), id(&v11()));
}
