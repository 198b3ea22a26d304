package config

import (
	"time"

	sb "signalbox"
)

// Limits bounds what others may ask of us, and how long we trust in silence.
type Limits struct {
	Fence          time.Duration `envconfig:"SIGNALBOX_FENCE" default:"5m" desc:"A builtin run without a sign of life for so long is lost. Server and workers must agree on it."`
	PluginSize     Bytes         `envconfig:"SIGNALBOX_PLUGIN_MAX_SIZE" default:"100MiB" desc:"Largest plugin archive."`
	PluginUnpacked Bytes         `envconfig:"SIGNALBOX_PLUGIN_MAX_UNPACKED" default:"1GiB" desc:"Largest plugin after unpacking."`
	PluginFiles    int           `envconfig:"SIGNALBOX_PLUGIN_MAX_FILES" default:"10000" desc:"Most files in a plugin."`
	LogChunks      int           `envconfig:"SIGNALBOX_LOG_CHUNKS" default:"10000" desc:"Chunks that a log may have before they are joined while its run goes on."`
}

// leastFence leaves a worker time to notice, and to end its work 15 s before the fence.
const leastFence = 30 * time.Second

func (l *Limits) validate() []sb.Fault {
	faults := fault(l.Fence >= leastFence, "SIGNALBOX_FENCE", "must be 30s at least", l.Fence.String())
	faults = append(faults, fault(l.PluginSize > 0, "SIGNALBOX_PLUGIN_MAX_SIZE", "must be above 0", int64(l.PluginSize))...)
	faults = append(faults, fault(l.PluginUnpacked > 0, "SIGNALBOX_PLUGIN_MAX_UNPACKED", "must be above 0", int64(l.PluginUnpacked))...)
	faults = append(faults, fault(l.PluginFiles > 0, "SIGNALBOX_PLUGIN_MAX_FILES", "must be above 0", l.PluginFiles)...)
	return append(faults, fault(l.LogChunks > 0, "SIGNALBOX_LOG_CHUNKS", "must be above 0", l.LogChunks)...)
}
