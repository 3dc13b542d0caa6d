// The page that embeds the modal: it sends one message with the token and a port, and hears through that port.

// The first message of the embedding page: {origin, token, metadata, tell}.
export function embeddingPage() {
    return new Promise((resolve) => {
        addEventListener("message", function listen(event) {
            if (event.source !== parent || !/^https?:\/\//.test(event.origin)) return;
            if (event.data?.type !== "latchkey-link:open" || event.ports.length !== 1) return;
            removeEventListener("message", listen);
            const [port] = event.ports;
            const { token, metadata } = event.data;
            resolve({ origin: event.origin, token, metadata, tell: (message) => port.postMessage(message) });
        });
    });
}
