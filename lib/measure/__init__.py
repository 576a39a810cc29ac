"""What can be read off ONE network, and off an ensemble: `measure.each(measure.slopes, networks)`."""

from lib.devices import each
from lib.measure.error_metrics import *
from lib.measure.knob_readings import *
from lib.measure.published import *
from lib.measure.sets import *
from lib.measure.statistics import *
from lib.measure.weights import *
