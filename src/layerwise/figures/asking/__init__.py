"""What a live network answered when it was asked about inputs."""
