package peer

import (
	"os"

	"golang.org/x/sys/unix"
)

// pppEcho stands in for pppd on a serial line, its standard input: it says hello,
// then sends every packet back with Echo before it.
func pppEcho([]string) error {
	if err := rawLine(int(os.Stdin.Fd())); err != nil {
		return err
	}
	if _, err := os.Stdin.Write(Frame([]byte(Hello))); err != nil {
		return err
	}
	var d Deframer
	for buf := make([]byte, 4096); ; {
		n, err := os.Stdin.Read(buf)
		if err != nil {
			return err
		}
		d.Read(buf[:n], func(p []byte) {
			_, err = os.Stdin.Write(Frame(append([]byte(Echo), p...)))
		})
		if err != nil {
			return err
		}
	}
}

// What a ppp-echo says.
const (
	Hello = "\xff\x03hello"
	Echo  = "\xff\x03echo "
)

// rawLine has a terminal pass bytes as they are.
func rawLine(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}
