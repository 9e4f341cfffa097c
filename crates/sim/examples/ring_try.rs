use tertulia_sim::ring::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let n: u32 = a[2].parse().unwrap();
    let l: usize = a[3].parse().unwrap();
    let t = || {
        std::fs::read_to_string("/proc/self/stat")
            .unwrap()
            .split(' ')
            .skip(13)
            .take(2)
            .map(|x| x.parse::<f64>().unwrap())
            .sum::<f64>()
            / 100.0
    };
    match a[1].as_str() {
        "made" => {
            let t0 = t();
            let mut r = Ring::made(1, n);
            let t1 = t();
            let h = hops::look_up(&mut r, l, 20_000);
            let t2 = t();
            println!(
                "{h:?}\nmake {} run {} events {} = {} M/s",
                t1 - t0,
                t2 - t1,
                r.events(),
                r.events() as f64 / (t2 - t1) / 1e6
            );
            println!("{:?}", r.tally().by_sort().collect::<Vec<_>>());
            println!("{:?}", r.stats().collect::<Vec<_>>());
        }
        "join" => {
            let t0 = t();
            let mut r = hops::joined_up(1, n, a[4].parse().unwrap());
            let t1 = t();
            println!("in {} of {}, made {}s, events {}", r.members(), r.there().len(), t1 - t0, r.events());
            println!("{:?}", r.tally().by_sort().collect::<Vec<_>>());
            println!("{:?}", r.stats().collect::<Vec<_>>());
            let m = Ring::made(1, n);
            let (mut diff, mut ft, mut fm) = (0, 0, 0);
            for i in 0..n {
                let ids = |r: &Ring| {
                    let mut v: Vec<_> = r.node(i).unwrap().leaves().map(|c| c.node).collect();
                    v.sort();
                    v
                };
                if ids(&r) != ids(&m) {
                    diff += 1;
                }
                ft += r.node(i).unwrap().table().len();
                fm += m.node(i).unwrap().table().len();
            }
            println!(
                "leaf sets that differ {diff}, table {} made {}",
                ft as f64 / n as f64,
                fm as f64 / n as f64
            );
            let h = hops::look_up(&mut r, l, 20_000);
            println!("{h:?}");
            println!("{:?}", r.stats().collect::<Vec<_>>());
        }
        "mal" => println!("{:?}", malice::redundant(1, n, 25, l)),
        "scale" => println!(
            "{:?}",
            scale::large(1, n, tertulia_proto::Duration::from_secs(a[4].parse().unwrap()), l)
        ),
        "fail" => println!("{:#?}", failure::at_once(1, n, n / 10, l, 500)),
        "churn" => {
            let mut c = match a[4].as_str() {
                "15" => churn::Churn::of_fifteen_minutes(l as u64, n),
                "1.4" => churn::Churn::of_minutes(l as u64, n),
                _ => churn::Churn::without_loss(l as u64, n),
            };
            if let Some(m) = a.get(5) {
                c.span = tertulia_proto::Duration::from_secs(m.parse().unwrap());
            }
            println!("{:?}", c.run());
        }
        _ => {}
    }
}
