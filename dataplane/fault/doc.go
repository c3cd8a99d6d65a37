// Package fault is a bad network for tests: a port around any other one that
// loses, duplicates, reorders, damages and delays frames by chance.
//
//	port := fault.New(wire.New("port1", mac, 1500), fault.Options{
//		Seed: 7,
//		In:   fault.Chances{Loss: 0.01, Reorder: 0.02},
//		Out:  fault.Chances{Delay: 0.05, Corrupt: 0.001},
//	})
//	plane.Add(1, port)
//	...
//	port.Set(fault.Chances{}, fault.Chances{}) // from now on a good one
//	fmt.Println(port.Stats())
//
// In is what happens to frames on their way to the plane, Out to those that it
// sends. What is lost on the way out counts as sent, as on a cable.
//
// What happens is drawn from generators of the seed: one for what is received,
// one for each sender. The same frames in the same order with the same chances
// meet the same fate; only how long a delayed frame waits is measured by the
// clock. Frames that wait are copies, at most Options.Held of them in each
// direction and sender; the others then pass at once.
package fault
