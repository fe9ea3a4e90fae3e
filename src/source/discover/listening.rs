//! The TCP ports that a process listens on, from `/proc`, in this network namespace.

use std::collections::HashSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The most levels of parents that are searched; a server is rarely further above the process that uses the GPU.
const PARENTS: usize = 3;

/// The addresses at which `pids` and their parents accept connections: an engine's server is often the parent of the
/// process that NVML reports. Ephemeral ports are excluded: engines use them between their own processes, and an unexpected
/// request may disturb them. Empty if `/proc` is unreadable.
pub fn listening(pids: &[u32]) -> Vec<SocketAddr> {
    let family: HashSet<u32> = pids.iter().flat_map(|pid| lineage(*pid)).collect();
    let sockets: HashSet<u64> = family.iter().flat_map(|pid| sockets(*pid)).collect();
    if sockets.is_empty() {
        return Vec::new();
    }
    let handed_out = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok().and_then(|text| range(&text));
    let (first, last) = handed_out.unwrap_or((32768, 60999));
    ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listeners(&table))
        .filter(|(address, inode)| sockets.contains(inode) && !(first..=last).contains(&address.port()))
        .map(|(address, _)| address)
        .collect()
}

/// A process and its nearest parents, up to those that start sessions and containers.
fn lineage(pid: u32) -> Vec<u32> {
    let parent = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/stat")).ok().and_then(|stat| parent(&stat));
    std::iter::successors(Some(pid), parent).take_while(|pid| *pid > 1).take(1 + PARENTS).collect()
}

/// The parent in a `/proc/PID/stat` line, unless it is of a program that starts unrelated processes.
fn parent(stat: &str) -> Option<u32> {
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
    let no_kin = ["sshd", "systemd", "init", "containerd-shim"].iter().any(|prefix| name.starts_with(prefix));
    if no_kin { None } else { rest.split(' ').nth(1)?.parse().ok() }
}

/// The inodes of a process's sockets.
fn sockets(pid: u32) -> Vec<u64> {
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    let links = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
    links.filter_map(|link| inode(link.to_str()?)).collect()
}

fn inode(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

fn range(text: &str) -> Option<(u16, u16)> {
    let mut words = text.split_whitespace().map(str::parse);
    Some((words.next()?.ok()?, words.next()?.ok()?))
}

/// The listening sockets of a `/proc/net/tcp` table, each with an address to connect to and its inode.
fn listeners(table: &str) -> Vec<(SocketAddr, u64)> {
    const LISTEN: &str = "0A";
    let line = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        let local = words.next()?;
        let state = words.nth(1)?;
        let inode = words.nth(5)?.parse().ok()?;
        (state == LISTEN).then_some(())?;
        Some((address(local)?, inode))
    };
    table.lines().skip(1).filter_map(line).collect()
}

/// `0100007F:1F40` as an address to connect to: any address is loopback.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words: Option<Vec<u32>> =
        (0..ip.len()).step_by(8).map(|at| u32::from_str_radix(ip.get(at..at + 8)?, 16).ok()).collect();
    let ip = match words?.as_slice() {
        [v4] => IpAddr::from(v4.to_ne_bytes()),
        v6 @ [_, _, _, _] => {
            let mut bytes = [0; 16];
            for (place, word) in bytes.chunks_exact_mut(4).zip(v6) {
                place.copy_from_slice(&word.to_ne_bytes());
            }
            IpAddr::from(bytes).to_canonical()
        }
        _ => return None,
    };
    let reachable = match ip {
        // A socket on all IPv6 addresses accepts IPv4 too, unless configured otherwise.
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) | IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        ip => ip,
    };
    Some(SocketAddr::new(reachable, port))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_kernels_table_is_read() {
        let table = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 22001 1 0000000000000000 100 0 0 10 0
   1: 00000000:7530 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 22002 1 0000000000000000 100 0 0 10 0
   2: 0100007F:1F40 0100007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 22003 1 0000000000000000 20 4 30 10 -1
   garbage
";
        let six = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0FA0 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 22004 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000001000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 22005 1 0000000000000000 100 0 0 10 0
";
        let read = |table| listeners(table).iter().map(|(at, inode)| format!("{at} {inode}")).collect::<Vec<_>>();
        if cfg!(target_endian = "little") {
            assert_eq!(read(table), ["127.0.0.1:8000 22001", "127.0.0.1:30000 22002"]);
            assert_eq!(read(six), ["127.0.0.1:4000 22004", "[::1]:3000 22005"]);
        }
    }

    #[test]
    fn a_parent_is_found_behind_any_name() {
        assert_eq!(parent("42 (VLLM::EngineCor) S 41 42 42 0 -1"), Some(41));
        assert_eq!(parent("42 (a) b) S 41 42 42 0 -1"), Some(41));
        assert_eq!(parent("42 (sshd) S 41 42 42 0 -1"), None);
        assert_eq!(parent("nonsense"), None);
    }

    #[test]
    fn our_own_sockets_are_seen() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let ours: HashSet<u64> = sockets(std::process::id()).into_iter().collect();
        let table = fs::read_to_string("/proc/net/tcp").unwrap();
        assert!(listeners(&table).iter().any(|(at, inode)| at.port() == port && ours.contains(inode)));
        assert_eq!(inode("socket:[12]"), Some(12));
        assert_eq!((inode("pipe:[12]"), range("32768\t60999\n")), (None, Some((32768, 60999))));
    }
}
