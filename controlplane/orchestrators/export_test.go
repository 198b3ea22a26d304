package orchestrators

// Built is for how many orchestrators an adapter is kept.
func Built(r *Registry) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.built)
}
