package engine

import (
	"math/rand/v2"

	"portcullis/nat"
	"portcullis/packet/reassembly"
)

// Forget makes the worker forget what it does not hand over: fragments, how many
// answers it may send, and where its random numbers have come to.
func (w *Worker) Forget(seed uint64) {
	w.ports = nat.New(rand.NewPCG(seed, 1))
	w.lastID = uint32(seed)
	w.limit, w.resets = bucket{}, bucket{}
	w.fragments = reassembly.New(seed, w.Count)
	w.fragments.SetLimits(w.rules.fragments)
}
