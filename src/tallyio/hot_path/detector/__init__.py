"""From a pool's update to sized, exact opportunities, inside one compiled loop."""
