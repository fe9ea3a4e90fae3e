//! The system's clocks: the time of day, and the time since it booted with sleep counted.

use crate::units::{Moment, Span, Timestamp};

/// The present.
#[cfg(unix)]
pub(super) fn now() -> Moment {
    use rustix::time::{ClockId, clock_gettime};

    // Darwin's monotonic clock counts sleep; Linux has another clock that does.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const SINCE_BOOT: ClockId = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const SINCE_BOOT: ClockId = ClockId::Monotonic;

    let millis = |id| {
        let time = clock_gettime(id);
        time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    };
    Moment { wall: Timestamp::from_millis(millis(ClockId::Realtime)), boot: Span::from_millis(millis(SINCE_BOOT)) }
}

/// The present. The time since this process first asked stands for the time since boot.
#[cfg(not(unix))]
pub(super) fn now() -> Moment {
    use std::sync::OnceLock;
    use std::time::{Instant, SystemTime};

    static BEGAN: OnceLock<Instant> = OnceLock::new();
    let millis = |span: std::time::Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let boot = BEGAN.get_or_init(Instant::now).elapsed();
    Moment { wall: Timestamp::from_millis(millis(wall)), boot: Span::from_millis(millis(boot)) }
}

/// The id of this boot of the machine; `None` where the system has none.
pub(super) fn boot() -> Option<String> {
    let text = if cfg!(target_vendor = "apple") {
        let asked =
            std::process::Command::new("/usr/sbin/sysctl").args(["-n", "kern.bootsessionuuid"]).output().ok()?;
        String::from_utf8(asked.stdout).ok()?
    } else {
        std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?
    };
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}
