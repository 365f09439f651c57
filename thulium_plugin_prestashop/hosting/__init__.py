"""What any host of Thulium plugins needs and may take from here: loading, scheduling, secrets, problems.

:class:`Host` puts it together; each part also works by itself. :mod:`.secrets` needs ``cryptography`` and is
therefore not imported here.
"""

from thulium_plugin_prestashop.hosting.clock import ManualClock, Sleep, SystemClock, settle
from thulium_plugin_prestashop.hosting.collector import spare_start_up
from thulium_plugin_prestashop.hosting.connecting import RefusedFormError, connect
from thulium_plugin_prestashop.hosting.entries import FieldClaimedError, IntegrationEntry, IntegrationState
from thulium_plugin_prestashop.hosting.hooks import HookAnswer, HookCalls
from thulium_plugin_prestashop.hosting.host import Host, HostServices
from thulium_plugin_prestashop.hosting.integrations import IntegrationRegistry
from thulium_plugin_prestashop.hosting.jobs import FinishedRun, Job, JobSnapshot, JobState, Run
from thulium_plugin_prestashop.hosting.loader import (
    InstalledPlugin,
    PluginError,
    inspect_plugin,
    installed_plugins,
)
from thulium_plugin_prestashop.hosting.problems import ProblemList, ProblemStorage, RaisedProblem
from thulium_plugin_prestashop.hosting.scheduler import Scheduler
from thulium_plugin_prestashop.hosting.slots import RunSlots
from thulium_plugin_prestashop.hosting.spawner import TaskSpawner
from thulium_plugin_prestashop.hosting.stall import StallMeter
from thulium_plugin_prestashop.hosting.storage import (
    IntegrationStorage,
    MemoryIntegrationStorage,
    StoredIntegration,
)
from thulium_plugin_prestashop.hosting.threads import run_in_thread

__all__ = [
    "FieldClaimedError",
    "FinishedRun",
    "HookAnswer",
    "HookCalls",
    "Host",
    "HostServices",
    "InstalledPlugin",
    "IntegrationEntry",
    "IntegrationRegistry",
    "IntegrationState",
    "IntegrationStorage",
    "Job",
    "JobSnapshot",
    "JobState",
    "ManualClock",
    "MemoryIntegrationStorage",
    "PluginError",
    "ProblemList",
    "ProblemStorage",
    "RaisedProblem",
    "RefusedFormError",
    "Run",
    "RunSlots",
    "Scheduler",
    "Sleep",
    "StallMeter",
    "StoredIntegration",
    "SystemClock",
    "TaskSpawner",
    "connect",
    "inspect_plugin",
    "installed_plugins",
    "run_in_thread",
    "settle",
    "spare_start_up",
]
