"""What can be wrong with this host's clock."""

from preflight.codes.code import Code
from preflight.model import Blame, Status

CODES = (
    Code(
        "clock.skew",
        Status.FAIL,
        Blame.CLIENT,
        says="this host's clock is {difference}, measured against the Date headers that came in this run",
        means="Certificates look expired or not yet valid, and tokens are refused, on a host whose clock is wrong. It warns above 60 s and fails above 300 s.",
        told="The median of Date headers of this run (less their Age) against local UTC at the moment they came.",
        who="You, on this host.",
        do="Set the clock and keep it set: point chrony at the Amazon Time Sync Service (169.254.169.123), which needs no proxy. Then run again: certificate"
        " findings of this run may go away.",
        reproduce="date -u; timedatectl status; chronyc tracking",
    ),
)
