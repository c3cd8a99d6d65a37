package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"
)

// ownPatience is how long a start waits for the one before to end.
const ownPatience = 20 * time.Second

// own makes this process the only one that reads and writes the file of sessions,
// until what it returns is closed. A process that is about to end may still write
// it, and is waited for: so an upgrade may start the new program before the old
// one has quite ended. Where no lock can be had, as in a folder that is not there,
// there is none.
func (o *runOptions) own(log *zap.Logger, patience time.Duration) (*os.File, error) {
	file := o.sessionsFile()
	if file == "" {
		return nil, nil
	}
	_ = os.MkdirAll(o.stateDir, 0o755)
	f, err := os.OpenFile(file+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		log.Warn("sessions: no lock: " + err.Error())
		return nil, nil
	}
	const nap = 50 * time.Millisecond
	for waited := time.Duration(0); ; waited += nap {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return f, nil
		case !errors.Is(err, unix.EWOULDBLOCK):
			log.Warn(fmt.Sprintf("sessions: no lock: %s: %v", filepath.Base(f.Name()), err))
			return f, nil
		case waited >= patience:
			return nil, errors.Join(fmt.Errorf("sessions %s: another portcullis has the file: expected --sessions with another file, or none", file), f.Close())
		case waited == 0:
			log.Info("waiting for the end of the portcullis that runs", zap.String("sessions", file))
		}
		time.Sleep(nap)
	}
}
