package engine

import "portcullis/helpers"

// BuildIn makes h known to n under its name, in place of the helper that has it: a
// helper of a test's own, which no registry holds.
func (n *Names) BuildIn(h *helpers.Helper) {
	for i, old := range n.helpers {
		if old != nil && old.Name == h.Name {
			n.helpers[i] = h
			return
		}
	}
	n.helpers = append(n.helpers, h)
}
