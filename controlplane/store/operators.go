package store

import (
	"sync"

	sb "signalbox"
)

// operators are those of plugins as they were last read, with the plugin's count of changes then: as long as that is the
// same, so are they. Who reads them must not change them.
type operators struct {
	mu   sync.RWMutex
	kept map[string]keptOperators // by the plugin's id
}

type keptOperators struct {
	changes int64
	list    []sb.Operator
}

// maxKept bounds of how many plugins operators are kept; beyond it all are forgotten and read again.
const maxKept = 1000

func (o *operators) get(plugin string, changes int64) ([]sb.Operator, bool) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	k, known := o.kept[plugin]
	return k.list, known && k.changes == changes
}

func (o *operators) keep(plugin string, changes int64, list []sb.Operator) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.kept == nil || len(o.kept) >= maxKept {
		o.kept = map[string]keptOperators{}
	}
	o.kept[plugin] = keptOperators{changes, list}
}
