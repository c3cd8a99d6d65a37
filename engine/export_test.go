package engine

import (
	"math/rand/v2"

	"portcullis/helpers"
	"portcullis/packet/reassembly"
)

// Forget makes the worker forget what it does not hand over: fragments, how many
// answers it may send, and where its random numbers have come to.
func (w *Worker) Forget(seed uint64) {
	w.nat.Draw(rand.NewPCG(seed, 1))
	w.lastID = uint32(seed)
	w.limit, w.resets = bucket{}, bucket{}
	w.fragments = reassembly.New(seed, w.Count)
	w.fragments.SetLimits(w.rules.fragments)
}

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
