declare module "s3rver" {
	interface S3rverOptions {
		address: string;
		port: number;
		silent: boolean;
		directory: string;
		vhostBuckets: boolean;
		configureBuckets: { name: string }[];
	}

	class S3rver {
		constructor(options: S3rverOptions);
		run(): Promise<{ port: number }>;
		close(): Promise<void>;
	}
	export = S3rver;
}
