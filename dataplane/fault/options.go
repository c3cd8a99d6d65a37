package fault

import "time"

// Chances are how likely each misfortune is for a frame, from 0 to 1.
type Chances struct {
	Loss      float64 // it vanishes
	Duplicate float64 // it arrives twice
	// Corrupt flips one bit behind the Ethernet header. ARP is spared, as nothing
	// in it would tell, and so are frames whose checksum is left to the device: it
	// would be made over the damage.
	Corrupt float64
	Reorder float64 // up to Options.Depth later ones overtake it
	Delay   float64 // it waits up to Options.MaxDelay
}

// Options say what New makes of a port. Zero is the default.
type Options struct {
	Seed     uint64
	In, Out  Chances
	MaxDelay time.Duration // of any frame; 10 ms
	Depth    int           // how many undisturbed frames may overtake one; 4
	Held     int           // how many frames may wait in each direction and sender; 256
}

func (o Options) withDefaults() Options {
	if o.MaxDelay <= 0 {
		o.MaxDelay = 10 * time.Millisecond
	}
	if o.Depth <= 0 {
		o.Depth = 4
	}
	if o.Held <= 0 {
		o.Held = 256
	}
	return o
}
